import type { Job } from '../kubernetes/types.ts';
import { annotation, readAnnotation } from './annotations.ts';
import type { Attempt, AttemptEnd, WorkerEnd } from './attempt.ts';
import type { Deletion } from './deletion.ts';
import type { Delivery, TerminateInstead } from './delivery.ts';
import type { FlowPlan } from './flow-plan.ts';
import type { FlowRequest } from './flow-request.ts';
import { stateLabel } from './labels.ts';
import type { CancelRequest, FailureReason, Outcome } from './outcome.ts';
import type { ProtocolState } from './protocol-state.ts';
import type { FlowPush } from './push.ts';
import type { PendingLimits, SavedDiagnosis } from './pending/pending-cause.ts';

/** The projection of a Job that the service caches. Every decision is made from it. */
export interface Flow {
  name: string;
  uid: string;
  resourceVersion: string;
  createdAt: string;
  deletedAt: string | undefined;
  finalizers: string[];
  state: FlowState;
  suspended: boolean;
  /** Since when it is suspended according to the Job controller, which follows `suspended` a moment later. */
  suspendedSince: string | undefined;
  /** When it was last resumed according to the Job controller: after a queue resumed it, later than `startedAt`. */
  resumedAt: string | undefined;
  /** The Job controller's verdict: it comes when all pods are terminal, or when no other pod will follow. */
  jobEnd: JobEnd | undefined;
  request: FlowRequest;
  plan: FlowPlan;
  content: string;
  lastRequestAt: string | undefined;
  startedAt: string | undefined;
  pending: SavedDiagnosis | undefined;
  credentials: CredentialsLifetime | undefined;
  worker: WorkerEnd | undefined;
  attempt: AttemptEnd | undefined;
  outcome: Outcome | undefined;
  delivery: Delivery | undefined;
  /** Delivery of the deprovision, to a connector that waits for it. */
  confirmation: Delivery | undefined;
  terminateInstead: TerminateInstead | undefined;
  /** Sending of the results to the connector's sink. */
  push: FlowPush | undefined;
  /** Delivery of the end of the push. */
  completion: Delivery | undefined;
  /** Delivery of the message that the flow can receive. */
  readiness: Delivery | undefined;
  /** For dialects with a protocol of their own. */
  protocol: ProtocolState | undefined;
  recordedAt: string | undefined;
  deprovisionAskedAt: string | undefined;
  cancel: CancelRequest | undefined;
  deletion: Deletion | undefined;
  resultsDeletedAt: string | undefined;
}

/** The remaining work on a flow: the value of its Job's state label. */
export type FlowState =
  /** The outcome is not delivered yet, or a deprovision is to be done. */
  | 'open'
  /** Delivered, but its record is not in the bucket yet. */
  | 'unrecorded'
  /** A tombstone. */
  | 'closed';

/** When the pod's credentials for the store were minted, and until when they are valid. */
export interface CredentialsLifetime {
  mintedAt: string;
  expiration?: string;
}

/** The observed state from which the next step of a flow is decided. */
export interface ObservedFlow {
  flow: Flow;
  /** Its pods that our finalizer keeps. */
  attempts: Attempt[];
  /** The operator's. */
  pendingLimits: PendingLimits;
  /** Its connector waits for the confirmation that deprovisioned results are deleted. Default: no. */
  awaitsConfirmation?: boolean;
  /** Others run or start before it. Default: no. */
  waitsForTurn?: boolean;
  /** Milliseconds since the epoch. */
  now: number;
}

/** A flow that has its outcome. */
export type ObservedOutcome = ObservedFlow & { flow: { outcome: Outcome } };

export interface JobEnd {
  type: 'Complete' | 'Failed';
  reason: string;
  message: string;
}

/** The reason of the failure if the Job itself gives it; undefined if its pods know better. */
export function reasonOfEnd(end: JobEnd | undefined): FailureReason | undefined {
  return end?.reason === 'DeadlineExceeded' ? 'job-deadline-exceeded' : undefined;
}

/** Undefined for a Job that has our label and not our annotations: it is not ours. */
export function readFlow(job: Job): Flow | undefined {
  const metadata = job.metadata ?? {};
  const annotations = metadata.annotations ?? {};
  const request = readAnnotation(annotations, annotation.request);
  const plan = readAnnotation(annotations, annotation.plan);
  if (request === undefined || plan === undefined) return undefined;
  return {
    ...readIdentity(metadata),
    createdAt: metadata.creationTimestamp ?? request.acceptedAt,
    suspended: job.spec?.suspend === true,
    suspendedSince: readSuspendedSince(job),
    resumedAt: job.status?.startTime,
    jobEnd: readJobEnd(job),
    request,
    plan,
    ...readProgress(annotations),
  };
}

function readIdentity(
  metadata: NonNullable<Job['metadata']>,
): Pick<Flow, 'name' | 'uid' | 'resourceVersion' | 'deletedAt' | 'finalizers' | 'state'> {
  return {
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    deletedAt: metadata.deletionTimestamp,
    finalizers: metadata.finalizers ?? [],
    state: readState(metadata.labels?.[stateLabel]),
  };
}

type Progress = Omit<
  Flow,
  | 'name'
  | 'uid'
  | 'resourceVersion'
  | 'createdAt'
  | 'deletedAt'
  | 'finalizers'
  | 'state'
  | 'suspended'
  | 'suspendedSince'
  | 'resumedAt'
  | 'jobEnd'
  | 'request'
  | 'plan'
>;

function readProgress(annotations: Record<string, string>): Progress {
  return {
    content: annotations[annotation.content] ?? '',
    lastRequestAt: annotations[annotation.lastRequestAt],
    startedAt: annotations[annotation.startedAt],
    pending: readAnnotation(annotations, annotation.pending),
    credentials: readAnnotation(annotations, annotation.credentials),
    worker: readAnnotation(annotations, annotation.worker),
    attempt: readAnnotation(annotations, annotation.attempt),
    outcome: readAnnotation(annotations, annotation.outcome),
    delivery: readAnnotation(annotations, annotation.delivery),
    confirmation: readAnnotation(annotations, annotation.confirmation),
    terminateInstead: readAnnotation(annotations, annotation.terminateInstead),
    push: readAnnotation(annotations, annotation.push),
    completion: readAnnotation(annotations, annotation.completion),
    readiness: readAnnotation(annotations, annotation.readiness),
    protocol: readAnnotation(annotations, annotation.protocol),
    recordedAt: annotations[annotation.recordedAt],
    deprovisionAskedAt: annotations[annotation.deprovision],
    cancel: readAnnotation(annotations, annotation.cancel),
    deletion: readAnnotation(annotations, annotation.deletion),
    resultsDeletedAt: annotations[annotation.resultsDeletedAt],
  };
}

function readState(label: string | undefined): FlowState {
  return label === 'closed' || label === 'unrecorded' ? label : 'open';
}

function readSuspendedSince({ status }: Job): string | undefined {
  return status?.conditions?.find(({ type, status: is }) => type === 'Suspended' && is === 'True')
    ?.lastTransitionTime;
}

/** FailureTarget comes first. Failed comes only when every pod is gone, which a lost node can delay without limit. */
const endTypes: Record<string, JobEnd['type']> = {
  Complete: 'Complete',
  Failed: 'Failed',
  FailureTarget: 'Failed',
};

function readJobEnd(job: Job): JobEnd | undefined {
  for (const { type, status, reason = '', message = '' } of job.status?.conditions ?? []) {
    const end = endTypes[type];
    if (status === 'True' && end !== undefined) return { type: end, reason, message };
  }
  return undefined;
}
