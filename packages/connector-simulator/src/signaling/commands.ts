import type { EndpointAddress } from './endpoint-address.ts';
import type { SignalingContext } from './signaling-context.ts';
import { isEnded, type SignalingState, type SignalingTransfer } from './signaling-transfer.ts';

export interface CommandOptions {
  /** `operator`: of this side's connector. `counterparty`: the other connector sends the command. */
  readonly by: 'operator' | 'counterparty';
  readonly reason?: string | undefined;
}

/** Ends the transfer; false if it ends already or is leased. */
export function terminate(
  context: SignalingContext,
  transfer: SignalingTransfer,
  { by, reason }: CommandOptions,
): boolean {
  const ends = ['TERMINATING', 'TERMINATING_REQUESTED', 'COMPLETING', 'COMPLETING_REQUESTED'];
  if (isEnded(transfer) || transfer.leased || ends.includes(transfer.state)) return false;
  if (by === 'counterparty') {
    transfer.counterparty = { state: 'TERMINATED', reason };
    // The reason is a value of JSON-LD, shown as it came.
    const shown = reason === undefined ? undefined : JSON.stringify([{ '@value': reason }]);
    context.store.move(transfer, 'TERMINATING_REQUESTED', shown);
  } else {
    context.store.move(transfer, 'TERMINATING', reason);
  }
  return true;
}

/** Pauses the flow of a started transfer; false if it is not started, or leased. */
export function suspend(
  context: SignalingContext,
  transfer: SignalingTransfer,
  { by, reason }: CommandOptions,
): boolean {
  return moveFrom(context, transfer, {
    from: 'STARTED',
    to: by === 'counterparty' ? 'SUSPENDING_REQUESTED' : 'SUSPENDING',
    errorDetail: by === 'counterparty' && reason !== undefined ? `{@value=${reason}}` : reason,
  });
}

/** Continues the flow of a suspended transfer; false if it is not suspended, or leased, or if the release cannot do so. */
export function resume(context: SignalingContext, transfer: SignalingTransfer): boolean {
  if (!context.profile.resumes) return false;
  return moveFrom(context, transfer, { from: 'SUSPENDED', to: 'RESUMING' });
}

/** The counterparty completes a started transfer; false if it is not started, or leased. */
export function complete(context: SignalingContext, transfer: SignalingTransfer): boolean {
  const moved = moveFrom(context, transfer, { from: 'STARTED', to: 'COMPLETING_REQUESTED' });
  if (moved) transfer.counterparty = { state: 'COMPLETED' };
  return moved;
}

/** The provider starts a consumer's transfer, with its address for a pull; false if it is not requested. */
export function startByProvider(
  context: SignalingContext,
  transfer: SignalingTransfer,
  address: EndpointAddress | undefined,
): boolean {
  if (transfer.side !== 'consumer' || transfer.state !== 'REQUESTED') return false;
  if (transfer.mode === 'pull') transfer.address = address;
  transfer.counterparty = { state: 'STARTED' };
  return moveFrom(context, transfer, { from: 'REQUESTED', to: 'STARTUP_REQUESTED' });
}

/**
 * The state machine sends the first message again, with a new id, as a connector does that crashed between sending and saving; false if
 * the transfer is past it.
 */
export function sendFirstAgain(context: SignalingContext, transfer: SignalingTransfer): boolean {
  const first = ['STARTUP_REQUESTED', 'PREPARATION_REQUESTED'];
  if (transfer.leased || !first.includes(transfer.state)) return false;
  transfer.dataPlaneId = undefined;
  context.store.move(transfer, 'INITIAL');
  return true;
}

function moveFrom(
  context: SignalingContext,
  transfer: SignalingTransfer,
  { from, to, errorDetail }: { from: SignalingState; to: SignalingState; errorDetail?: string | undefined },
): boolean {
  if (transfer.leased || transfer.state !== from) return false;
  context.store.move(transfer, to, errorDetail);
  return true;
}
