import type { Delivery, DeliveryResult } from '../../flow/delivery.ts';
import type { Flow } from '../../flow/flow.ts';
import { flowLogger } from '../../log.ts';
import type { Reconciler } from '../reconciler.ts';
import type { DeliveryRules, TransferState } from '../types.ts';
import type { AttemptResult } from './call-connector.ts';

type AskAfter = Exclude<DeliveryRules['lostAttempt'], 'repeat'>;

/** The attempt's result as the connector's own state of the transfer has it, or how long to wait before that can be asked. */
export async function askTransfer(
  deps: Reconciler,
  { flow, delivery, askAfterMillis }: { flow: Flow; delivery: Delivery } & AskAfter,
  signal: AbortSignal,
): Promise<{ waitMillis: number } | { end: AttemptResult }> {
  const { connector } = flow.request;
  const { detail = 'its answer was lost' } = delivery;
  if (!deps.connectors.polled.includes(connector))
    return {
      end: { result: 'abandoned', detail: `not repeated, since the connector cannot be asked: ${detail}` },
    };
  // The state follows the callback with a delay.
  const due = Date.parse(delivery.startedAt ?? '') + askAfterMillis - deps.now().getTime();
  if (due > 0) return { waitMillis: Math.min(due, askAfterMillis) };
  const { states, problem } = await deps.connectors.poll(connector, [flow], signal);
  const state = states.get(flow.name);
  const end = state && endBy(state);
  if (end !== undefined) return { end };
  flowLogger(deps.log, flow.name).warn({ problem, state }, 'a lost callback is not decided yet');
  return { waitMillis: deps.config.reconciler.backoff.maxMillis };
}

/** Undefined: the state says neither that the callback was taken nor that it was not. */
function endBy(state: TransferState): AttemptResult | undefined {
  switch (state.is) {
    case 'waiting':
      return ended('failed', 'the transfer still waits for it');
    case 'started':
      return ended('delivered', `the transfer is ${state.state}`);
    case 'ended':
      return { result: 'obsolete', detail: state.state, ended: true };
    case 'missing':
      // Also of a connector that is asked at a wrong address: the results are kept.
      return ended('abandoned', 'the connector does not know the transfer');
    case 'open':
      return undefined;
    default:
      return state satisfies never;
  }
}

function ended(result: DeliveryResult, detail: string): AttemptResult {
  return { result, detail };
}
