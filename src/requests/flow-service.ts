import type { FlowPhase } from '../flow/describe-flow.ts';
import type { FlowPlan } from '../flow/flow-plan.ts';
import type { FlowRequest } from '../flow/flow-request.ts';
import type { Outcome, CancelReason } from '../flow/outcome.ts';
import type { RenderedTemplate } from '../template/template.ts';

/**
 * All that the request half can do with flows. Stateless: each call but `view` reads and writes the cluster (and, for what the cluster has
 * forgotten, the record in the bucket). Throws `cluster-unavailable` or `store-unavailable` when nothing could be read or stored.
 */
export interface FlowService {
  /**
   * Creates the suspended Job: the commit point. If there is a Job of this name, it says what it is. A record does not count: where a flow
   * whose Job is gone may be meant, look first.
   */
  accept(request: FlowRequest, rendered: RenderedTemplate, signal: AbortSignal): Promise<Acceptance>;
  /** What decides how a request for the flow is answered. */
  find(flow: string, signal: AbortSignal): Promise<FoundFlow | undefined>;
  /**
   * To be called before a repeat is answered whose flow is not delivered yet: the callback hold starts again. What was `found` a moment ago is
   * not read again.
   */
  recordRepeat(flow: string, signal: AbortSignal, found?: FoundFlow): Promise<void>;
  /**
   * Asks for the end of a flow; may be repeated. `deprovisioned`: its results are deleted too, also after its outcome, and `ended` is not answered.
   */
  end(flow: string, reason: EndReason, signal: AbortSignal): Promise<'accepted' | 'ended' | 'unknown'>;
  /** For people: as this replica last observed it, without a request if it is open and the cache is current. */
  view(flow: string, signal: AbortSignal): Promise<FlowView | undefined>;
  /** Whether a deprovision of it was accepted, as its Job says; false for a flow whose Job is gone: then its results are. */
  isDeprovisioned(flow: string, signal: AbortSignal): Promise<boolean>;
  /** Flows whose delivery has ended but whose record could not be written yet. */
  unrecorded(signal: AbortSignal): Promise<string[]>;
}

/** `found` is undefined for a Job that is not a flow of this service. */
export type Acceptance = { created: true } | { created: false; found: FoundFlow | undefined };

export type EndReason = Extract<CancelReason, 'deprovisioned' | 'cancelled-by-user'>;

export interface FoundFlow {
  request: FlowRequest;
  /** A delivery attempt is under way: the connector may have taken it. */
  delivering: boolean;
  /** The connector has taken the outcome, or is past it. */
  delivered: boolean;
  /** Nothing more is delivered, whether or not the connector took it. */
  over: boolean;
  deprovisioned: boolean;
  /** When it was last requested before its outcome was delivered. RFC 3339. */
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
  /** The connector has taken the outcome, or is past it. */
  delivered: boolean;
  deprovisioned: boolean;
}
