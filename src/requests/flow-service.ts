import type { Cluster } from '../kubernetes/cluster.ts';
import type { FlowPhase } from '../flow/describe-flow.ts';
import type { RecordedFlow } from '../flow/keys.ts';
import type { FlowPlan } from '../flow/flow-plan.ts';
import type { RequestedDeletion } from '../flow/deletion.ts';
import type { DeliveryMember, ListedDelivery } from '../flow/list-deliveries.ts';
import type { DeliverySummary } from '../flow/summarise-deliveries.ts';
import type { FlowRequest } from '../flow/flow-request.ts';
import type { CancelReason, DataAddress, HttpDataAddress, InboxAddress, Outcome } from '../flow/outcome.ts';
import type { Sink } from '../flow/push.ts';
import type { ProtocolState, ResultState } from '../flow/protocol-state.ts';
import type { Job } from '../kubernetes/types.ts';
import type { FoundLog, WantedLog } from './logs/find-log.ts';
import type { AttemptEnd } from '../flow/attempt.ts';
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
  accept(wanted: WantedFlow | WantedReceiver, signal: AbortSignal): Promise<Acceptance>;
  /** Checks everything that `accept` checks, with the cluster as well, and creates nothing. Throws as `accept`, with the API server's words. */
  dryRun(wanted: WantedFlow, signal: AbortSignal): Promise<DryRun>;
  /** `accept` for a request that can never be served: the flow fails without a run, and that is delivered as any other outcome. */
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
  /** As `end` with `deprovisioned`, for a caller whose name is kept. */
  delete(wanted: { flow: string; caller: string }, signal: AbortSignal): Promise<'accepted' | 'unknown'>;
  /**
   * Requests that the reconciler delivers a message again that was not taken; a repeat while that is under way changes nothing. Throws
   * `conflict` for any other one, and for a flow whose Job is gone.
   */
  replay(delivery: { flow: string; of: DeliveryMember }, signal: AbortSignal): Promise<ListedDelivery>;
  /** For the `rest` API: from this replica's cache if it has the flow. */
  view(flow: string, signal: AbortSignal): Promise<FlowView | undefined>;
  /** As `view`, but never from the cache: it has what was written before, on whichever replica. */
  viewLatest(flow: string, signal: AbortSignal): Promise<FlowView | undefined>;
  /**
   * Calls `listener` after each change of the flow that this replica observes, until the returned function is called. `view` then has the
   * change, without a request to the cluster.
   */
  subscribe(flow: string, listener: () => void): () => void;
  /** The log of a container of the flow, from its pod or from the bucket. */
  log(wanted: WantedLog, signal: AbortSignal): Promise<FoundLog>;
  /** Of this connector's open flows, from this replica's cache; undefined while the replica does not follow the cluster. */
  deliveriesOf(connector: string): DeliverySummary | undefined;
  /** Open flows and those with a record, the latest first. Throws `unavailable` while this replica does not follow the cluster. */
  list(query: FlowQuery, signal: AbortSignal): Promise<FlowPage>;
  /**
   * Changes the protocol's state on the Job under its version. `decide` is called with the present state, again after each lost race, and
   * may throw to refuse; without a change nothing is written. Undefined: there is no such flow. A flow whose Job is gone is not changed.
   */
  advance(
    flow: string,
    decide: (found: FoundFlow) => ProtocolChange | undefined,
    signal: AbortSignal,
  ): Promise<FoundFlow | undefined>;
  /**
   * Whether the addresses of its results answer: `ended` once a deprovision was accepted. `open` for a flow whose Job is gone: its results
   * are gone as well.
   */
  results(flow: string, signal: AbortSignal): Promise<ResultState>;
  /** Whether a flow that receives takes data now. */
  inbox(flow: string, signal: AbortSignal): Promise<InboxState>;
  /** Flows whose delivery has ended but whose record could not be written yet. */
  unrecorded(signal: AbortSignal): Promise<string[]>;
}

export interface WantedFlow {
  request: FlowRequest;
  rendered: RenderedTemplate;
  /** For a dialect with a protocol of its own: the first state. */
  protocol?: ProtocolState;
  /** Where the results are sent. */
  sink?: Sink;
}

export interface DryRun {
  /** As the API server would store it. */
  job: Job;
  /** The objects that it accepts, in the order of their creation. */
  objects: { kind: string; name: string }[];
  sizes: Record<'environment' | 'annotations', { bytes: number; limit: number }>;
}

/** A flow that takes data from elsewhere instead of running a Job for it. */
export interface WantedReceiver {
  request: FlowRequest;
  protocol: ProtocolState;
}

export interface ProtocolChange {
  protocol: ProtocolState;
  /** The same write also requests a deprovision. */
  deprovision?: true;
  /** Takes the place of the flow's sink, before the state changes. */
  sink?: Sink;
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
  protocol: ProtocolState | undefined;
  plan: FlowPlan;
  outcome: Outcome | undefined;
}

export interface FlowQuery {
  /** Flows of one page. */
  limit: number;
  /** The last place of the page before. */
  before?: RecordedFlow | undefined;
  /** Accepted since then: RFC 3339, UTC, with milliseconds. */
  since?: string | undefined;
  matches: (view: FlowView) => boolean;
}

/** With a filter it may hold fewer flows than wanted although there are more. */
export interface FlowPage {
  flows: FlowView[];
  /** Where the next page starts; absent: this is the last one. */
  next?: RecordedFlow;
}

/** `complete`: the flow has all its data. `deleted`: what it has received is deleted, or will be. */
export type InboxState = { state: 'open' | 'paused'; attempt: string } | { state: 'complete' | 'deleted' };

export interface FlowView {
  flow: string;
  request: FlowRequest;
  plan: FlowPlan;
  phase: FlowPhase;
  /**
   * The cluster's version of the Job and its pods: of two views the one with the higher position is later, on whichever replica. Absent
   * without a Job.
   */
  position?: number;
  /** For people: why it does not progress. */
  detail?: string;
  /** Id of the attempt that runs or uploads. */
  liveAttempt?: string;
  /** When its Job was resumed for the first time. RFC 3339. */
  startedAt?: string;
  /** How the last attempt has ended. */
  attempt?: AttemptEnd;
  outcome?: Outcome;
  /** Its messages to the connector. */
  deliveries?: ListedDelivery[];
  /** The connector has accepted the outcome, or its process has moved on. */
  delivered: boolean;
  deprovisioned: boolean;
  /** Absent if nobody requested it. */
  deletion?: RequestedDeletion;
}

/** Addresses of results, for answers to messages of a connector. */
export interface ResultAddresses {
  /** Of verified results. Throws `gone` if they exist no more. */
  addressOf(flow: { name: string; found: FoundFlow }, signal: AbortSignal): Promise<DataAddress>;
  /** For an answer that does not wait for the results: it refuses until they are verified. */
  earlyAddressOf(flow: { name: string; request: FlowRequest }): HttpDataAddress;
  /** Where the data of a flow that receives is sent. */
  inboxOf(flow: { name: string; request: FlowRequest }): InboxAddress;
  /** Undefined for a token that is not for this flow, or whose address has expired. Reads nothing but the token. */
  readRefreshToken(presented: { flow: string; token: string }): RefreshGrant | undefined;
  /** Whether it is an access token for this flow, which may have expired. */
  wasAccessToken(presented: { flow: string; token: string }): boolean;
}

/** The right of one consumer to new access tokens, as long as the address of the results answers. */
export interface RefreshGrant {
  belongsTo(consumer: string): boolean;
  renew(): { accessToken: string; expiresIn: number };
}
