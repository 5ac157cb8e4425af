import { endOfReplay } from '../../flow/replay.ts';
import { endAttempt, isUnderWay, startAttempt, wasTried, type Delivery } from '../../flow/delivery.ts';
import type { Flow } from '../../flow/flow.ts';
import { resultsUrlOf } from '../../config/config.ts';
import { rest } from '../../flow/flow-request.ts';
import type { FailureReason, Outcome } from '../../flow/outcome.ts';
import { addressResults } from '../../result/address-results.ts';
import type { Manifest } from '../../result/manifest.ts';
import { askTransfer } from './ask-transfer.ts';
import type { AttemptResult } from './call-connector.ts';
import { pauseBeforeAttempt } from './delivery-pace.ts';
import type { Reconciler } from '../reconciler.ts';
import type { DeliveryRules, Message } from '../types.ts';

export type DeliveryPlan =
  | { kind: 'wait'; millis: number }
  /** Nothing is sent, and this is saved. */
  | { kind: 'save'; delivery: Delivery }
  | { kind: 'terminate-instead'; reason: FailureReason; message: string }
  /** It is saved, and then made. */
  | { kind: 'attempt'; delivery: Delivery; message: Message };

/** It is written on the Job. */
export type PlanToWrite = Extract<DeliveryPlan, { delivery: unknown }>;

export interface FlowToDeliver {
  flow: Flow;
  outcome: Outcome;
  /** If it was read just now. */
  manifest?: Manifest | undefined;
}

/** How long our finalizer keeps a Job that was deleted by hand, and how long a termination is tried after the delivery's deadline. */
const lastAttemptsSeconds = 300;

/** Plans the next act of the delivery of this outcome. It may read the manifest, and changes nothing. */
export async function planDelivery(
  deps: Reconciler,
  { flow, outcome, manifest }: FlowToDeliver,
  signal: AbortSignal,
): Promise<DeliveryPlan> {
  const { delivery } = flow;
  const rules = rulesFor(deps, flow, outcome);
  if (rules === undefined) return save(deps, flow, withoutAttempt(deps, flow));
  const known = knownByProtocol(flow, outcome);
  if (known !== undefined) return save(deps, flow, known);
  if (isOverdue(deps, flow, outcome)) return giveUp(deps, { flow, outcome, rules });
  // A pass makes an attempt and saves its result. An attempt without one was made by a process that died or could not save it.
  // It is ended before the callback hold is over, since every refused request starts the hold again.
  if (isUnderWay(delivery)) {
    const detail = 'its answer was lost';
    if (rules.lostAttempt === 'repeat')
      return save(deps, flow, { result: 'failed', detail, unanswered: true });
    return save(deps, flow, { result: 'unknown', detail });
  }
  const settled = await settleByState(deps, { flow, rules }, signal);
  if (settled !== undefined) return settled;
  const now = deps.now();
  const millis = Math.max(deps.callbackHold.remaining(flow), pauseOf(deps, delivery));
  if (millis > 0) return { kind: 'wait', millis };
  const message = await messageToDeliver(deps, { flow, outcome, manifest }, signal);
  if ('instead' in message) return { kind: 'terminate-instead', ...message.instead };
  const attempt = { sent: message.kind, startedAt: now.toISOString() };
  return { kind: 'attempt', delivery: startAttempt(delivery, attempt), message };
}

/** The connector knows of the results already: the answer to its request announced them, or its own message shows that it took them. */
function knownByProtocol(flow: Flow, outcome: Outcome): AttemptResult | undefined {
  const { protocol, delivery, plan } = flow;
  if (protocol?.announced === true && !isTermination(flow, outcome)) return { result: 'skipped' };
  // What a receiver delivers is the end, and no message follows that.
  const mayFollow = plan.receives !== true && wasTried(delivery);
  return protocol?.acknowledged === true && mayFollow
    ? { result: 'obsolete', detail: protocol.state }
    : undefined;
}

/** Failed attempts after which a connector is asked whether its transfer has ended: one may answer that it is busy instead. */
const failedAttemptsBeforeQuery = 3;

/** Where a repeat would do harm, the connector's own state of the transfer says what follows. Undefined: the next attempt. */
async function settleByState(
  deps: Reconciler,
  { flow, rules: { lostAttempt } }: { flow: Flow; rules: DeliveryRules },
  signal: AbortSignal,
): Promise<DeliveryPlan | undefined> {
  const { delivery } = flow;
  if (lostAttempt === 'repeat' || delivery === undefined) return undefined;
  if (delivery.result === 'unknown') {
    const asked = await askTransfer(deps, { flow, delivery, ...lostAttempt }, signal);
    return 'end' in asked ? save(deps, flow, asked.end) : { kind: 'wait', millis: asked.waitMillis };
  }
  if (delivery.attempts < failedAttemptsBeforeQuery || pauseOf(deps, delivery) > 0) return undefined;
  if (!deps.connectors.polled.includes(flow.request.connector)) return undefined;
  const asked = await askTransfer(deps, { flow, delivery, askAfterMillis: 0 }, signal);
  return 'end' in asked && asked.end.result === 'obsolete' ? save(deps, flow, asked.end) : undefined;
}

function pauseOf({ config, now }: Reconciler, delivery: Delivery | undefined): number {
  return pauseBeforeAttempt(delivery, { backoff: config.reconciler.backoff, now: now().getTime() });
}

function save({ now }: Reconciler, { delivery }: Flow, end: AttemptResult): DeliveryPlan {
  return { kind: 'save', delivery: endAttempt(delivery, { ...end, endedAt: now().toISOString() }) };
}

/** Undefined: the outcome is not delivered, or no longer. */
function rulesFor({ connectors }: Reconciler, flow: Flow, outcome: Outcome): DeliveryRules | undefined {
  const transferEnded = outcome.phase === 'cancelled' && outcome.reason === 'transfer-ended';
  return transferEnded || isDeprovisioned(flow) ? undefined : connectors.rulesOf(flow.request);
}

/**
 * A connector deprovisions only results that it took and needs no longer. No address is sent then, since the results are deleted next,
 * and no termination, since the transfer is past it.
 */
export function isDeprovisioned({ deprovisionAskedAt }: Pick<Flow, 'deprovisionAskedAt'>): boolean {
  return deprovisionAskedAt !== undefined;
}

/** A connector that deprovisions after an attempt took that attempt, and its answer was lost. */
function withoutAttempt({ connectors }: Reconciler, flow: Flow): AttemptResult {
  if (isDeprovisioned(flow) && wasTried(flow.delivery))
    return { result: 'obsolete', detail: 'deprovisioned', ended: true };
  const { dialect } = flow.request;
  if (dialect === rest.dialect || connectors.rulesOf(flow.request) !== undefined)
    return { result: 'skipped' };
  return { result: 'skipped', detail: `the service does not know the dialect "${dialect}" any more` };
}

/** After a day. A termination in place of an address that was not taken has some minutes of its own. */
function isOverdue({ config, now }: Reconciler, flow: Flow, outcome: Outcome): boolean {
  const at = now().getTime();
  if (flow.deletedAt !== undefined) return at > after(outcome.at, lastAttemptsSeconds);
  const { terminateInstead: instead } = flow;
  const endOfInstead = instead === undefined ? 0 : after(instead.at, lastAttemptsSeconds);
  const regularEnd = after(outcome.at, config.reconciler.deliverySeconds);
  return at > Math.max(regularEnd, endOfInstead, endOfReplay(flow.delivery, config.reconciler));
}

function after(time: string, seconds: number): number {
  return Date.parse(time) + seconds * 1000;
}

/** Without a termination, the consumer of results that its connector did not take would wait without limit. */
function giveUp(
  deps: Reconciler,
  { flow, outcome, rules }: { flow: Flow; outcome: Outcome; rules: DeliveryRules },
): DeliveryPlan {
  if (flow.deletedAt !== undefined || isTermination(flow, outcome) || rules.onRefusal === 'end')
    return save(deps, flow, { result: 'abandoned' });
  // The data is here, whether or not the connector knows.
  if (flow.plan.receives === true) return save(deps, flow, { result: 'abandoned' });
  const message = 'the connector did not take the address of the results in time';
  return { kind: 'terminate-instead', reason: 'delivery-refused', message };
}

/** The message is not an address but the end of the transfer. */
function isTermination({ terminateInstead }: Flow, { phase }: Outcome): boolean {
  return phase !== 'succeeded' || terminateInstead !== undefined;
}

async function messageToDeliver(
  deps: Reconciler,
  { flow, outcome, manifest }: FlowToDeliver,
  signal: AbortSignal,
): Promise<Message | { instead: { reason: FailureReason; message: string } }> {
  const end = flow.terminateInstead ?? outcome;
  if ('reason' in end) return { kind: 'failure', reason: end.reason, message: end.message };
  if (flow.plan.receives === true) return { kind: 'transferred' };
  // A push hands out no address: no keys are minted for it.
  const plan =
    flow.protocol?.pushes === true
      ? { ...flow.plan, results: { ...flow.plan.results, address: 'service' as const } }
      : flow.plan;
  const addressed = await addressResults(
    {
      store: deps.store,
      readAccess: deps.readAccess,
      keys: deps.secrets.resultKeys,
      results: deps.config.results,
      connector: { resultsUrl: resultsUrlOf(deps.config, flow.request.connector) },
      now: deps.now(),
      consumer: flow.request.consumer,
    },
    { flow: flow.name, plan, outcome: end, manifest },
    signal,
  );
  return 'address' in addressed ? { kind: 'results', ...addressed } : { instead: addressed };
}
