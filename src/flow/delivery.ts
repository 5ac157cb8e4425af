import type { FailureReason, Outcome } from './outcome.ts';

/**
 * The delivery of the outcome to the connector: attempts, until a result is final. Only the reconciler writes it, before and after each
 * attempt, so that every message that was sent is known on the Job.
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
}

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

export function startAttempt(delivery: Delivery | undefined, startedAt: string): Delivery {
  const { attempts = 0, slowFailures = 0, unanswered } = delivery ?? {};
  return {
    ...{ attempts: attempts + 1, startedAt },
    ...(unanswered === undefined ? {} : { unanswered }),
    ...(slowFailures === 0 ? {} : { slowFailures }),
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

export function endAttempt(delivery: Delivery | undefined, end: DeliveryEnd): Delivery {
  const { attempts = 0, startedAt, slowFailures = 0 } = delivery ?? {};
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
  };
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
