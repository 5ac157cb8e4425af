import { pause } from '../simulator-context.ts';
import type { Step } from '../state-machine.ts';
import { sendMessage, type Answer } from './send-message.ts';
import type { SignalingContext } from './signaling-context.ts';
import type { SignalingMessage, SignalingState, SignalingTransfer } from './signaling-transfer.ts';

type Steps = Partial<Record<SignalingState, Step<SignalingTransfer>>>;

/** The steps of the connector's state machine; a transfer in another state waits. */
export function signalingStep(context: SignalingContext): Step<SignalingTransfer> {
  const ofSide = context.side === 'provider' ? providerSteps(context) : consumerSteps(context);
  const steps: Steps = { ...commonSteps(context), ...ofSide };
  return (transfer) => steps[transfer.state]?.(transfer) ?? false;
}

function providerSteps(context: SignalingContext): Steps {
  return {
    INITIAL: (transfer) =>
      send(context, transfer, {
        message: 'start',
        async onAnswer(answer) {
          transfer.dataPlaneId = answer.dataPlaneId;
          if (!answer.asynchronous) saveAddress(transfer, answer);
          context.store.move(transfer, answer.asynchronous ? 'STARTUP_REQUESTED' : 'STARTING');
          if (!answer.asynchronous) await startCounterparty(context, transfer);
        },
      }),
    STARTING: (transfer) => startCounterparty(context, transfer),
  };
}

/** The counterparty gets the address, also of a push. */
async function startCounterparty(context: SignalingContext, transfer: SignalingTransfer): Promise<boolean> {
  transfer.leased = true;
  await pause(context, context.settings.leaseMillis);
  transfer.leased = false;
  if (!isStill(context, transfer, 'STARTING')) return true;
  transfer.counterparty = { state: 'STARTED' };
  transfer.disclosed = transfer.address;
  context.store.move(transfer, 'STARTED');
  return true;
}

function consumerSteps(context: SignalingContext): Steps {
  return {
    INITIAL: (transfer) =>
      send(context, transfer, {
        message: 'prepare',
        onAnswer(answer) {
          transfer.dataPlaneId = answer.dataPlaneId;
          if (!answer.asynchronous) saveAddress(transfer, answer);
          context.store.move(transfer, answer.asynchronous ? 'PREPARATION_REQUESTED' : 'REQUESTING');
        },
        // The provider has not got a message yet.
        failed: 'TERMINATED',
      }),
    REQUESTING(transfer) {
      transfer.disclosed = transfer.address;
      context.store.move(transfer, 'REQUESTED');
      return true;
    },
    STARTUP_REQUESTED: (transfer) =>
      send(context, transfer, {
        message: 'started',
        onAnswer() {
          context.store.move(transfer, 'STARTED');
        },
      }),
  };
}

function commonSteps(context: SignalingContext): Steps {
  function suspend(transfer: SignalingTransfer): Promise<boolean> {
    return send(context, transfer, {
      message: 'suspend',
      onAnswer() {
        transfer.counterparty = { state: 'SUSPENDED' };
        context.store.move(transfer, 'SUSPENDED');
      },
    });
  }
  return {
    SUSPENDING: suspend,
    SUSPENDING_REQUESTED: suspend,
    RESUMING: (transfer) =>
      send(context, transfer, {
        message: 'resume',
        onAnswer({ address = transfer.address }) {
          // A new one does not reach the counterparty's data plane.
          transfer.address = address;
          transfer.counterparty = { state: 'STARTED' };
          context.store.move(transfer, 'STARTED');
        },
      }),
    COMPLETING(transfer) {
      transfer.counterparty = { state: 'COMPLETED' };
      context.store.move(transfer, 'COMPLETED');
      return true;
    },
    COMPLETING_REQUESTED: (transfer) =>
      send(context, transfer, {
        message: 'completed',
        onAnswer() {
          context.store.move(transfer, 'COMPLETED');
        },
      }),
    ...terminationSteps(context),
  };
}

function terminationSteps(context: SignalingContext): Steps {
  function terminate(transfer: SignalingTransfer, onAnswer: () => void): boolean | Promise<boolean> {
    if (transfer.dataPlaneId !== undefined)
      return send(context, transfer, {
        message: 'terminate',
        onAnswer,
        // The counterparty gets no message.
        failed: 'TERMINATED',
      });
    onAnswer();
    return true;
  }
  return {
    TERMINATING: (transfer) =>
      terminate(transfer, () => {
        transfer.counterparty = { state: 'TERMINATED', reason: transfer.errorDetail };
        context.store.move(transfer, 'TERMINATED');
      }),
    TERMINATING_REQUESTED: (transfer) =>
      terminate(transfer, () => {
        context.store.move(transfer, 'TERMINATED');
      }),
  };
}

interface Sending {
  readonly message: SignalingMessage;
  readonly onAnswer: (answer: Answer) => void | Promise<void>;
  /** State after a failure; default: TERMINATING, which ends the transfer for the counterparty as well. */
  readonly failed?: SignalingState;
}

/** Sends a message under a lease, and acts on its end. */
async function send(
  context: SignalingContext,
  transfer: SignalingTransfer,
  { message, onAnswer, failed = 'TERMINATING' }: Sending,
): Promise<boolean> {
  const before = transfer.state;
  transfer.leased = true;
  const result = await sendMessage(context, transfer, message);
  // The lease ends together with the state, so that a caller of `waitFor` finds no lease.
  transfer.leased = false;
  if (!isStill(context, transfer, before)) return true;
  if (result.ok) await onAnswer(result.answer);
  else context.store.move(transfer, failed, result.errorDetail);
  return true;
}

function saveAddress(transfer: SignalingTransfer, { address }: Answer): void {
  if (address === undefined) return;
  transfer.address = address;
  transfer.ownsAddress = true;
}

function isStill(context: SignalingContext, transfer: SignalingTransfer, state: SignalingState): boolean {
  return !context.signal.aborted && context.store.has(transfer) && transfer.state === state;
}
