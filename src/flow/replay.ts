import { isFinal, type Delivery } from './delivery.ts';
import type { Flow } from './flow.ts';
import type { DeliveryMember } from './list-deliveries.ts';

/** Whatever people do, a connector that never answers sees a bounded number of attempts. */
const mostReplays = 20;

/** How long a message is tried again, if the delivery's own time is not shorter. */
const replaySeconds = 300;

/** Why this delivery cannot be replayed: the end of a sentence about it. Undefined: it can. */
export function obstacleToReplay(flow: Flow, of: DeliveryMember): string | undefined {
  const delivery = flow[of];
  if (delivery === undefined || !isFinal(delivery)) return 'is under way';
  const { result = '', replay } = delivery;
  if (result !== 'rejected' && result !== 'abandoned') return `is ${result}`;
  if (replay?.count === mostReplays) return `was replayed ${mostReplays} times, which is the limit`;
  return obstacleOfFlow(flow, of);
}

function obstacleOfFlow(
  { deletedAt, deprovisionAskedAt, outcome }: Flow,
  of: DeliveryMember,
): string | undefined {
  if (deletedAt !== undefined) return 'belongs to a Job that is being deleted';
  if (of !== 'confirmation' && deprovisionAskedAt !== undefined)
    return 'belongs to a job whose results are deleted';
  return of === 'readiness' && outcome !== undefined ? 'belongs to a job that has ended' : undefined;
}

/** One of its messages is to be sent again. */
export function hasReplay({ delivery, completion, confirmation }: Flow): boolean {
  return [delivery, completion, confirmation].some(isReplayed);
}

/** A replay of it was requested, and has not ended. */
export function isReplayed(delivery: Delivery | undefined): boolean {
  return delivery?.replay !== undefined && !isFinal(delivery);
}

/**
 * Opens a delivery that was not taken. Attempts go on counting, so that the first one of the replay is paced by the last one before. An
 * attempt whose answer is not known stays so: where a repeat does harm, the connector is asked first.
 */
export function openAgain(delivery: Delivery, at: string): Delivery {
  const { startedAt, history, replay } = delivery;
  const { result: last = 'unknown' } = history?.kept.at(-1) ?? {};
  const result = startedAt !== undefined && last === 'unknown' ? 'unknown' : 'failed';
  return { ...delivery, result, detail: 'to be sent again', replay: { at, count: (replay?.count ?? 0) + 1 } };
}

/** In milliseconds since the epoch; 0 without a replay. */
export function endOfReplay(
  delivery: Delivery | undefined,
  { deliverySeconds }: { deliverySeconds: number },
): number {
  const { replay } = delivery ?? {};
  if (replay === undefined) return 0;
  return Date.parse(replay.at) + Math.min(replaySeconds, deliverySeconds) * 1000;
}
