/** States of a transfer process that is ending or has ended: no data is fetched any more. */
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

const statesBeforeCallback: readonly string[] = [
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
  return statesBeforeCallback.includes(state.toUpperCase());
}

/** The process waits for the provisioner of its control plane or data plane. */
export function isWaiting(state: string): boolean {
  return ['PROVISIONING_REQUESTED', 'STARTUP_REQUESTED'].includes(state.toUpperCase());
}

/** The process has started. */
export function isStarted(state: string): boolean {
  return /^(STARTED|SUSPEND|RESUM)/.test(state.toUpperCase());
}
