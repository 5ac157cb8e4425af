import type { DataPlane } from './data-plane.ts';
import { isSuccess } from './okhttp.ts';
import { postPersistently, type MessageType } from './provision-message.ts';
import { pause, type SimulatorContext } from './simulator-context.ts';
import type { Step } from './state-machine.ts';
import type { DataFlowState, TransferProcess, TransferState } from './transfer-process.ts';
import type { DataPlaneProfile } from './versions.ts';

/** Steps of a connector whose data plane provisions: its control plane only starts the data flow and gets its end. */
export function dataPlaneSteps(
  context: SimulatorContext,
  profile: DataPlaneProfile,
  dataPlane: DataPlane,
): Partial<Record<TransferState, Step<TransferProcess>>> {
  const { store } = context;
  function deprovision(process: TransferProcess): boolean | Promise<boolean> {
    if (process.dataFlow === 'DEPROVISIONING') return request(context, process, 'deprovision');
    if (process.final || process.dataFlow !== 'STARTED') return false;
    return goTo(context, process, 'DEPROVISIONING');
  }
  return {
    INITIAL(process) {
      process.dataFlow = 'PROVISIONING';
      store.move(process, 'STARTUP_REQUESTED');
      return true;
    },
    STARTUP_REQUESTED(process) {
      if (process.dataFlow === 'PROVISIONING') return request(context, process, 'provision');
      if (process.dataFlow !== 'PROVISION_NOTIFYING') return false;
      process.dataFlow = 'STARTED';
      if (process.mode === 'pull' && !profile.pulls) {
        store.move(process, 'TERMINATING', 'No EDR service with type ProvisionHttp found');
        return true;
      }
      if (profile.disclosesAddress) process.disclosed = process.contentAddress;
      dataPlane.start(process);
      return true;
    },
    COMPLETED: deprovision,
    TERMINATED: deprovision,
  };
}

/**
 * A repeated callback moved the flow back. The data plane's only thread then sends the control plane a message that it refuses, and
 * repeats it for some time.
 */
export async function stall(
  context: SimulatorContext,
  profile: DataPlaneProfile,
  process: TransferProcess,
): Promise<boolean> {
  process.stallPending = false;
  await pause(context, profile.rewindStallMillis);
  return true;
}

/** Repeats the request without limit until the answer is a 2xx; the pause doubles each time. */
async function request(
  context: SimulatorContext,
  process: TransferProcess,
  type: MessageType,
): Promise<boolean> {
  const { journal, settings, signal, store } = context;
  if (journal.now() < process.notBefore) return false;
  const before = process.dataFlow;
  process.inFlight = true;
  try {
    const accepted = isSuccess(await postPersistently(context, process, { type }));
    if (accepted) await pause(context, settings.saveDelayMillis);
    if (!signal.aborted && store.has(process) && process.dataFlow === before)
      saveAnswer(context, process, { type, accepted });
  } finally {
    process.inFlight = false;
  }
  return true;
}

function saveAnswer(
  context: SimulatorContext,
  process: TransferProcess,
  { type, accepted }: { type: MessageType; accepted: boolean },
): void {
  process.requestFailures = accepted ? 0 : process.requestFailures + 1;
  if (accepted) {
    goTo(context, process, type === 'provision' ? 'PROVISION_REQUESTED' : 'DEPROVISION_REQUESTED');
    return;
  }
  const { journal, settings } = context;
  process.notBefore = journal.now() + settings.requestRetryMillis * 2 ** process.requestFailures;
}

function goTo({ store }: SimulatorContext, process: TransferProcess, state: DataFlowState): boolean {
  process.dataFlow = state;
  store.changed();
  return true;
}
