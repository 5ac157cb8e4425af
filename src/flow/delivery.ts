import type { FailureReason, Outcome } from './outcome.ts';

/**
 * Handing the outcome to the connector: attempts, until a result is final. The reconciler alone writes it, before each attempt and
 * after it, so that nothing is sent which the Job does not know of.
 */
export interface Delivery {
  /** Attempts started at what is delivered now: the outcome, or the termination in its place. */
  attempts: number;
  /** When the last attempt started. RFC 3339. Absent: none did, at anything. */
  startedAt?: string;
  /** Of the last attempt. Absent: it is under way, or its process died. */
  result?: DeliveryResult;
  /** When the result was known. RFC 3339. */
  endedAt?: string;
  /** The state of the connector's process with `obsolete`, else the problem. */
  detail?: string;
  /** With `obsolete`: the connector's process has ended, and fetches nothing any more. */
  ended?: true;
  /** Failures in a row that a starting connector, a proxy or a wrong setting causes, and that are repeated slowly. */
  slowFailures?: number;
}

/**
 * The results are there and their address cannot be delivered: the connector's transfer is terminated instead. The outcome stays what
 * it is, and so does the time that is left for its delivery.
 */
export interface TerminateInstead {
  at: string;
  reason: FailureReason;
  message: string;
}

export type DeliveryResult =
  /** The connector took it. */
  | 'delivered'
  /** The connector's process is past it, or gone. */
  | 'obsolete'
  /** The connector will never take it. */
  | 'rejected'
  /** Nobody took it in time. */
  | 'abandoned'
  /** Nobody waits for it. */
  | 'skipped'
  /** Not known to be taken: another attempt follows. If this one was taken after all, the connector's state says so then. */
  | 'failed';

/** Nothing more is delivered. */
export function isFinal(delivery: Delivery | undefined): boolean {
  return delivery?.result !== undefined && delivery.result !== 'failed';
}

/** The connector has taken the outcome, or its process is past it. */
export function wasTaken(delivery: Delivery | undefined): boolean {
  return delivery?.result === 'delivered' || delivery?.result === 'obsolete';
}

/** An attempt was started, at the outcome or at a termination in its place. */
export function wasTried(delivery: Delivery | undefined): boolean {
  return delivery?.startedAt !== undefined;
}

/** An attempt was started and nobody knows what became of it. */
export function isUnderWay(delivery: Delivery | undefined): boolean {
  return wasTried(delivery) && delivery?.result === undefined;
}

export function startAttempt(delivery: Delivery | undefined, startedAt: string): Delivery {
  const { attempts = 0, slowFailures = 0 } = delivery ?? {};
  return { attempts: attempts + 1, startedAt, ...(slowFailures === 0 ? {} : { slowFailures }) };
}

export interface DeliveryEnd {
  endedAt: string;
  result: DeliveryResult;
  detail?: string;
  /** Of `obsolete`. */
  ended?: boolean;
  /** Of a failure. */
  slowly?: boolean;
}

/** A connector's answer may be long. */
const detailLimit = 500;

export function endAttempt(delivery: Delivery | undefined, end: DeliveryEnd): Delivery {
  const { attempts = 0, startedAt, slowFailures = 0 } = delivery ?? {};
  return {
    attempts,
    ...(startedAt === undefined ? {} : { startedAt }),
    result: end.result,
    endedAt: end.endedAt,
    ...(end.detail === undefined ? {} : { detail: end.detail.slice(0, detailLimit) }),
    ...(end.ended === true ? { ended: true } : {}),
    ...(end.slowly === true ? { slowFailures: slowFailures + 1 } : {}),
  };
}

/**
 * Whether the results may go: the connector has asked for that, or its transfer was over before it had taken the address. No request
 * follows in the second case.
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
