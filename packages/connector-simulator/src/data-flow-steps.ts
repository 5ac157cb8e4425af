import type { DataPlane } from './data-plane.ts';
import type { PostResult } from './post-message.ts';
import { pause, postPersistently } from './post-persistently.ts';
import type { MessageType } from './provision-message.ts';
import type { SimulatorContext } from './simulator-context.ts';
import type { DataFlowState, TransferProcess, TransferState } from './transfer-process.ts';
import type { DataPlaneProfile } from './versions.ts';

/** Takes a process one state further; false if it waits for something else. */
type Step = (process: TransferProcess) => boolean | Promise<boolean>;

/** The steps of a connector that provisions in its data plane: the control plane only starts the data flow, and hears of its end. */
export function dataPlaneSteps(
  context: SimulatorContext,
  profile: DataPlaneProfile,
  dataPlane: DataPlane,
): Partial<Record<TransferState, Step>> {
  const { store } = context;
  function deprovision(process: TransferProcess): boolean | Promise<boolean> {
    if (process.dataFlow === 'DEPROVISIONING') return request(context, process, 'deprovision');
    if (process.resting || process.dataFlow !== 'STARTED') return false;
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

/** A callback that came again moved the flow back: its one thread then tells the control plane for a while what that refuses. */
export async function stall(
  context: SimulatorContext,
  profile: DataPlaneProfile,
  process: TransferProcess,
): Promise<boolean> {
  process.rewound = false;
  await pause(profile.rewindStallMillis, context.signal);
  return true;
}

/** Any answer but a 2xx is followed by the same request after a pause that doubles, without end. */
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
    if (accepted) await pause(settings.settleMillis, signal);
    if (!signal.aborted && store.holds(process) && process.dataFlow === before)
      saveAnswer(context, process, { type, accepted });
  } finally {
    process.inFlight = false;
  }
  return true;
}

function isSuccess(result: PostResult): boolean {
  return result.kind === 'answered' && result.status >= 200 && result.status <= 299;
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
