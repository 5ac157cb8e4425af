import type { DataPlane } from './data-plane.ts';
import { dataPlaneSteps, stall, type Step } from './data-flow-steps.ts';
import { stepDeprovisioning, stepProvisioning } from './provisioning-steps.ts';
import { pause, type SimulatorContext } from './simulator-context.ts';
import type { TransferState } from './transfer-process.ts';

/** The connector's only thread for transfers. It handles one process after the other: a provisioner that does not answer delays all. */
export class StateMachine {
  readonly #context: SimulatorContext;
  readonly #steps: Record<TransferState, Step>;
  /** While true, no transfer changes its state by itself. */
  paused = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(context: SimulatorContext, dataPlane: DataPlane) {
    this.#context = context;
    this.#steps = stepsOf(context, dataPlane);
  }

  start(): void {
    this.#ended = this.#run();
  }

  /** Resolves when the loop has ended after the context's signal was aborted. */
  ended(): Promise<void> {
    return this.#ended;
  }

  async #run(): Promise<void> {
    const { signal, settings } = this.#context;
    while (!signal.aborted) {
      const worked = await this.#iterate();
      if (!worked) await pause(this.#context, settings.iterationWaitMillis);
    }
  }

  async #iterate(): Promise<boolean> {
    const { signal, store, profile } = this.#context;
    let worked = false;
    for (const process of store.all()) {
      if (signal.aborted || this.paused) break;
      if (profile.dataPlane !== undefined && process.stallPending)
        worked = await stall(this.#context, profile.dataPlane, process);
      if (store.has(process) && (await this.#steps[process.state](process))) worked = true;
    }
    return worked;
  }
}

function stepsOf(context: SimulatorContext, dataPlane: DataPlane): Record<TransferState, Step> {
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

function stepTo(context: SimulatorContext, state: TransferState): Step {
  return function step(process) {
    context.store.move(process, state);
    return true;
  };
}
