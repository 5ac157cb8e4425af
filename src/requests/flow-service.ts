import type { Cluster } from '../kubernetes/cluster.ts';
import type { FlowPhase } from '../flow/describe-flow.ts';
import type { FlowPlan } from '../flow/flow-plan.ts';
import type { FlowRequest } from '../flow/flow-request.ts';
import type { Outcome, CancelReason } from '../flow/outcome.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { RenderedTemplate } from '../template/template.ts';

export interface RequestDependencies {
  cluster: Cluster;
  store: ObjectStore;
  now: () => Date;
}

/**
 * The request half's operations on flows. Stateless: each call but `view` reads and writes the cluster or, for a flow whose Job is gone, the
 * record in the bucket. Throws `cluster-unavailable` or `store-unavailable` if that fails.
 */
export interface FlowService {
  /**
   * Creates the suspended Job: the commit point. If a Job of this name exists, the result describes it. Records are not read: call `find`
   * first if the request may belong to a flow whose Job is gone.
   */
  accept(request: FlowRequest, rendered: RenderedTemplate, signal: AbortSignal): Promise<Acceptance>;
  /** The same for a request that can never be served: the flow fails without a run, and that is delivered as any other outcome. */
  refuse(request: FlowRequest, reason: string, signal: AbortSignal): Promise<Acceptance>;
  /** The state that decides the answer to a request for the flow. */
  find(flow: string, signal: AbortSignal): Promise<FoundFlow | undefined>;
  /**
   * Restarts the callback hold. Call it before the answer to a repeat of a flow that is not delivered yet. With `found`, the flow is not
   * read again.
   */
  recordRepeat(flow: string, signal: AbortSignal, found?: FoundFlow): Promise<void>;
  /**
   * Requests the end of a flow; may be repeated. `ended`: it had an outcome before. `deprovisioned` also deletes the results, also after
   * the outcome, and never returns `ended`.
   */
  end(flow: string, reason: EndReason, signal: AbortSignal): Promise<'accepted' | 'ended' | 'unknown'>;
  /** For the `rest` API: from this replica's cache if it has the flow. */
  view(flow: string, signal: AbortSignal): Promise<FlowView | undefined>;
  /** Whether its Job says that a deprovision was accepted. False for a flow whose Job is gone: its results are gone as well. */
  isDeprovisioned(flow: string, signal: AbortSignal): Promise<boolean>;
  /** Flows whose delivery has ended but whose record could not be written yet. */
  unrecorded(signal: AbortSignal): Promise<string[]>;
}

/** `found` is undefined for a Job that is not a flow of this service. */
export type Acceptance = { created: true } | { created: false; found: FoundFlow | undefined };

export type EndReason = Extract<CancelReason, 'deprovisioned' | 'cancelled-by-user'>;

export interface FoundFlow {
  request: FlowRequest;
  /** A delivery attempt is under way: the connector may have accepted it. */
  delivering: boolean;
  /** The connector has accepted the outcome, or its process has moved on. */
  delivered: boolean;
  /** Nothing more is delivered, whether or not the connector accepted it. */
  over: boolean;
  deprovisioned: boolean;
  /** Time of the last request before the outcome was delivered. RFC 3339. */
  lastRequestAt: string | undefined;
}

export interface FlowView {
  flow: string;
  request: FlowRequest;
  plan: FlowPlan;
  phase: FlowPhase;
  /** For people: why it does not progress. */
  detail?: string;
  outcome?: Outcome;
  /** The connector has accepted the outcome, or its process has moved on. */
  delivered: boolean;
  deprovisioned: boolean;
}
