import { dataPlaneSteps, stall } from './data-flow-steps.ts';
import type { DataPlane } from './data-plane.ts';
import { stepDeprovisioning, stepProvisioning } from './provisioning-steps.ts';
import type { SimulatorContext } from './simulator-context.ts';
import type { Step } from './state-machine.ts';
import type { TransferProcess, TransferState } from './transfer-process.ts';

/** The step of a connector that has its data provisioned. */
export function providerStep(context: SimulatorContext, dataPlane: DataPlane): Step<TransferProcess> {
  const { store, profile } = context;
  const steps = stepsOf(context, dataPlane);
  return async (process) => {
    const stalled =
      profile.dataPlane !== undefined &&
      process.stallPending &&
      (await stall(context, profile.dataPlane, process));
    return (store.has(process) && (await steps[process.state](process))) || stalled;
  };
}

function stepsOf(
  context: SimulatorContext,
  dataPlane: DataPlane,
): Record<TransferState, Step<TransferProcess>> {
  return {
    INITIAL: stepTo(context, 'PROVISIONING'),
    PROVISIONING: (process) => stepProvisioning(context, process),
    PROVISIONING_REQUESTED: () => false,
    PROVISIONED: stepTo(context, 'STARTING'),
    STARTUP_REQUESTED: () => false,
    STARTING(process) {
      dataPlane.start(process);
      return true;
    },
    STARTED: () => false,
    COMPLETED: stepTo(context, 'DEPROVISIONING'),
    TERMINATING(process) {
      process.consumer = { state: 'TERMINATED', reason: process.errorDetail };
      return stepTo(context, 'TERMINATED')(process);
    },
    TERMINATING_REQUESTED: () => false,
    TERMINATED: (process) => !process.final && stepTo(context, 'DEPROVISIONING')(process),
    DEPROVISIONING: (process) => stepDeprovisioning(context, process),
    DEPROVISIONING_REQUESTED: () => false,
    DEPROVISIONED: () => false,
    ...(context.profile.dataPlane === undefined
      ? {}
      : dataPlaneSteps(context, context.profile.dataPlane, dataPlane)),
  };
}

function stepTo(context: SimulatorContext, state: TransferState): Step<TransferProcess> {
  return function step(process) {
    context.store.move(process, state);
    return true;
  };
}
