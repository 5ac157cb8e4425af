import type { FailureReason, Outcome } from './outcome.ts';

/**
 * The delivery of the outcome to the connector: attempts, until a result is final. The reconciler writes it before and after each attempt,
 * so that every message that was sent is known on the Job. Only a replay, which opens a final one again, is written by its request.
 */
export interface Delivery {
  /** Attempts started to deliver the present message: the outcome, or the termination in its place. */
  attempts: number;
  /** When the last attempt started. RFC 3339. Absent: there was none, for any message. */
  startedAt?: string;
  /** The last attempt's. Absent: it is under way, or its process died. */
  result?: DeliveryResult;
  /** When the result was known. RFC 3339. */
  endedAt?: string;
  /** The state of the connector's process with `obsolete`, else the problem. */
  detail?: string;
  /** With `obsolete`: the connector's process has ended and fetches nothing any more. */
  ended?: true;
  /** The answer to an attempt was lost: the connector may have taken the message. */
  unanswered?: true;
  /** Consecutive failures caused by a starting connector, a proxy or a wrong setting: they are retried slowly. */
  slowFailures?: number;
  /** Absent before the first attempt. */
  history?: DeliveryHistory;
  /** The last one. */
  replay?: DeliveryReplay;
}

/** Somebody had it sent again after it had ended and was not taken. */
export interface DeliveryReplay {
  /** RFC 3339. */
  at: string;
  /** How many there were, with this one. */
  count: number;
}

/** Every attempt, those at an earlier message included. Bounded: the first one and the latest ones are kept. */
export interface DeliveryHistory {
  total: number;
  kept: DeliveryAttempt[];
}

export interface DeliveryAttempt {
  sent: SentMessage;
  /** RFC 3339. */
  startedAt: string;
  endedAt?: string;
  /** Absent: it is under way, or its answer is not known. */
  result?: DeliveryResult;
  detail?: string;
}

/** What was sent: the `kind` of a message to a connector. */
export type SentMessage = 'results' | 'failure' | 'deprovisioned' | 'prepared' | 'transferred';

/**
 * The results exist and their address cannot be delivered: the connector's transfer is terminated instead. Neither the outcome nor the
 * deadline of its delivery changes.
 */
export interface TerminateInstead {
  at: string;
  reason: FailureReason;
  message: string;
}

export type DeliveryResult =
  /** The connector took it. */
  | 'delivered'
  /** The connector's process is past this, or gone. */
  | 'obsolete'
  /** The connector will never take it. */
  | 'rejected'
  /** The connector did not take it in time. */
  | 'abandoned'
  /** Nobody waits for it. */
  | 'skipped'
  /** Perhaps not taken: another attempt follows. If the connector took this one, its state will say so. */
  | 'failed'
  /** It may have been taken, and a repeat would do harm: the connector is asked before anything else is sent. */
  | 'unknown';

/** Nothing more is delivered. */
export function isFinal(delivery: Delivery | undefined): boolean {
  return delivery?.result !== undefined && delivery.result !== 'failed' && delivery.result !== 'unknown';
}

/** The connector took the outcome, or its process is past it. */
export function wasTaken(delivery: Delivery | undefined): boolean {
  return delivery?.result === 'delivered' || delivery?.result === 'obsolete';
}

/** An attempt was started, to deliver the outcome or the termination in its place. */
export function wasTried(delivery: Delivery | undefined): boolean {
  return delivery?.startedAt !== undefined;
}

/** An attempt was started and its result is not known. */
export function isUnderWay(delivery: Delivery | undefined): boolean {
  return wasTried(delivery) && delivery?.result === undefined;
}

export function startAttempt(
  delivery: Delivery | undefined,
  attempt: Pick<DeliveryAttempt, 'sent' | 'startedAt'>,
): Delivery {
  const { attempts = 0, slowFailures = 0, unanswered, history, replay } = delivery ?? {};
  return {
    ...{ attempts: attempts + 1, startedAt: attempt.startedAt },
    ...(unanswered === undefined ? {} : { unanswered }),
    ...(slowFailures === 0 ? {} : { slowFailures }),
    ...memoryOf(addAttempt(history, attempt), replay),
  };
}

export interface DeliveryEnd {
  endedAt: string;
  result: DeliveryResult;
  detail?: string;
  /** Only with `obsolete`. */
  ended?: boolean;
  /** Only with `failed`. */
  slowly?: boolean;
  /** Only with `failed`. */
  unanswered?: boolean;
}

/** Bounded: a connector's answer may be long. */
const detailLimit = 500;
const attemptDetailLimit = 200;
const keptAttempts = 10;

export function endAttempt(delivery: Delivery | undefined, end: DeliveryEnd): Delivery {
  const { attempts = 0, startedAt, slowFailures = 0, history, replay } = delivery ?? {};
  const { unanswered } = { ...end, ...delivery };
  return {
    attempts,
    ...(startedAt === undefined ? {} : { startedAt }),
    result: end.result,
    endedAt: end.endedAt,
    ...(end.detail === undefined ? {} : { detail: end.detail.slice(0, detailLimit) }),
    ...(end.ended === true ? { ended: true } : {}),
    ...(unanswered === true ? { unanswered } : {}),
    ...(end.slowly === true ? { slowFailures: slowFailures + 1 } : {}),
    ...memoryOf(history && endLastAttempt(history, end), replay),
  };
}

function memoryOf(
  history: DeliveryHistory | undefined,
  replay: DeliveryReplay | undefined,
): Pick<Delivery, 'history' | 'replay'> {
  return { ...(history === undefined ? {} : { history }), ...(replay === undefined ? {} : { replay }) };
}

function addAttempt(history: DeliveryHistory | undefined, attempt: DeliveryAttempt): DeliveryHistory {
  const { total, kept } = history ?? { total: 0, kept: [] };
  const [first, ...others] = [...kept, attempt];
  return { total: total + 1, kept: [first, ...others.slice(1 - keptAttempts)] };
}

/** Puts the result into the last attempt. The end of the delivery without another attempt is not the answer to the last one. */
function endLastAttempt(history: DeliveryHistory, end: DeliveryEnd): DeliveryHistory {
  const { endedAt, result, detail } = end;
  const last = history.kept.at(-1);
  const isOpen = last?.result === undefined || last.result === 'unknown';
  if (last === undefined || !isOpen || result === 'abandoned' || result === 'skipped') return history;
  const { sent, startedAt } = last;
  const ended = { sent, startedAt, endedAt, result };
  const explained = detail === undefined ? ended : { ...ended, detail: detail.slice(0, attemptDetailLimit) };
  return { ...history, kept: [...history.kept.slice(0, -1), explained] };
}

/**
 * Whether the results may be deleted: the connector requested a deprovision, or its transfer ended before it took the address. In the
 * second case it sends no deprovision.
 */
export function nobodyFetches({ deprovisionAskedAt, outcome, delivery }: DeliveredFlow): boolean {
  if (deprovisionAskedAt !== undefined) return true;
  if (outcome?.phase === 'cancelled' && outcome.reason === 'transfer-ended') return true;
  return delivery?.result === 'obsolete' && delivery.ended === true;
}

interface DeliveredFlow {
  deprovisionAskedAt: string | undefined;
  outcome: Outcome | undefined;
  delivery: Delivery | undefined;
}
