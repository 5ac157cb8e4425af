/** States of a transfer process that lead nowhere but to the end: nothing is fetched any more. */
const endStates: readonly string[] = [
  'COMPLETING',
  'COMPLETING_REQUESTED',
  'COMPLETED',
  'TERMINATING',
  'TERMINATING_REQUESTED',
  'TERMINATED',
  'DEPROVISIONING',
  'DEPROVISIONING_REQUESTED',
  'DEPROVISIONED',
];

const beforeTheCallback: readonly string[] = [
  'INITIAL',
  'PROVISIONING',
  'PROVISIONING_REQUESTED',
  'PROVISIONED',
];

export function isEndState(state: string): boolean {
  return endStates.includes(state.toUpperCase());
}

/** The process still waits for the callback. */
export function isBeforeCallback(state: string): boolean {
  return beforeTheCallback.includes(state.toUpperCase());
}

/** The process waits for what was asked of its provisioner: of the control plane's, or of the data plane's. */
export function isWaiting(state: string): boolean {
  return ['PROVISIONING_REQUESTED', 'STARTUP_REQUESTED'].includes(state.toUpperCase());
}

/** The process has what it waited for. */
export function isStarted(state: string): boolean {
  return /^(STARTED|SUSPEND|RESUM)/.test(state.toUpperCase());
}
