import type { FlowPhase } from '../flow/describe-flow.ts';
import type { FlowPlan } from '../flow/flow-plan.ts';
import type { FlowRequest } from '../flow/flow-request.ts';
import type { Outcome } from '../flow/outcome.ts';
import type { CancelReason } from '../flow/reasons.ts';
import type { RenderedTemplate } from '../template/template.ts';

/**
 * All that the request half can do with flows. Stateless: each call reads and writes the cluster (and, for what the cluster has
 * forgotten, the record in the bucket). Throws `cluster-unavailable` or `store-unavailable` when nothing could be read or stored.
 */
export interface FlowService {
  /**
   * Creates the suspended Job: the commit point. Not `created`: there is one under this name, of this request or of another. A record does not
   * count: who may have to do with a flow whose Job is gone looks first.
   */
  accept(request: FlowRequest, rendered: RenderedTemplate, signal: AbortSignal): Promise<Acceptance>;
  find(flow: string, signal: AbortSignal): Promise<FlowView | undefined>;
  /** What decides how a request for it is answered: `find` without its pods. */
  recall(flow: string, signal: AbortSignal): Promise<FoundFlow | undefined>;
  /**
   * For a repeat before the outcome is delivered: to be called before it is answered (the two-second rule). `recalled` a moment ago, it is not read
   * again.
   */
  recordRepeat(flow: string, signal: AbortSignal, recalled?: FoundFlow): Promise<void>;
  /**
   * Waits until the delivery attempt that was `recalled` has a result, with the next one held back: `recall` of then. Throws `unavailable`
   * if that takes too long.
   */
  awaitAttempt(flow: string, signal: AbortSignal, recalled: FoundFlow): Promise<FoundFlow | undefined>;
  /** Cancels what runs and deletes results; may be repeated. */
  deprovision(flow: string, signal: AbortSignal): Promise<'accepted' | 'unknown'>;
  /** Whether a deprovision of it was accepted, as its Job says; false for a flow whose Job is gone: then its results are. */
  isDeprovisioned(flow: string, signal: AbortSignal): Promise<boolean>;
  cancel(flow: string, reason: CancelReason, signal: AbortSignal): Promise<'accepted' | 'ended' | 'unknown'>;
  /** Flows whose delivery has ended but whose record could not be written yet. */
  unrecorded(signal: AbortSignal): Promise<string[]>;
}

export interface Acceptance {
  created: boolean;
  /** The flow that is there, if it was read: it need not be read again. */
  recalled?: FoundFlow | undefined;
}

export interface FoundFlow {
  request: FlowRequest;
  /** A delivery attempt is under way: the connector may have taken it. */
  delivering: boolean;
  /** The connector has taken the outcome, or is past it. */
  delivered: boolean;
  /** Nothing more is delivered, whether or not the connector took it. */
  over: boolean;
  deprovisioned: boolean;
  /** When it was last asked for before its outcome was delivered. RFC 3339. */
  lastRequestAt: string | undefined;
}

export interface FlowView {
  flow: string;
  request: FlowRequest;
  plan: FlowPlan;
  phase: FlowPhase;
  /** For people: why it does not get on. */
  detail?: string;
  outcome?: Outcome;
  /** The connector has taken the outcome, or is past it: a request without `type` is now a deprovision. */
  delivered: boolean;
  deprovisioned: boolean;
}
