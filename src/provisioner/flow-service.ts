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
  /** Creates the suspended Job: the commit point. An existing one is a repeat, or a conflict if asset or template differ. */
  accept(request: FlowRequest, rendered: RenderedTemplate, signal: AbortSignal): Promise<Acceptance>;
  find(flow: string, signal: AbortSignal): Promise<FlowView | undefined>;
  /** For a repeat before the outcome is told: to be called before it is answered (the two-second rule). */
  askAgain(flow: string, signal: AbortSignal): Promise<void>;
  /**
   * For a request that may be such a repeat or a deprovision, before it is answered. `told`: it is a deprovision. While a callback is on
   * its way nobody knows; what becomes of that callback decides.
   */
  askUntyped(flow: string, signal: AbortSignal): Promise<'asked' | 'told'>;
  /** Cancels what runs and deletes results; may be repeated. */
  deprovision(flow: string, signal: AbortSignal): Promise<'accepted' | 'unknown'>;
  /** Whether a deprovision of it was accepted, as its Job says; false for a flow whose Job is gone: then its results are. */
  isDeprovisioned(flow: string, signal: AbortSignal): Promise<boolean>;
  cancel(flow: string, reason: CancelReason, signal: AbortSignal): Promise<'accepted' | 'ended' | 'unknown'>;
  /** Flows whose end is told but whose record could not be written yet. */
  unrecorded(signal: AbortSignal): Promise<string[]>;
}

export type Acceptance = 'created' | 'repeated' | 'conflict';

export interface FlowView {
  flow: string;
  request: FlowRequest;
  plan: FlowPlan;
  phase: FlowPhase;
  /** For people: why it does not get on. */
  detail?: string;
  outcome?: Outcome;
  /** The connector has taken the outcome, or is past it: a request without `type` is now a deprovision. */
  told: boolean;
  deprovisioned: boolean;
}
