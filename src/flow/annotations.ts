import { ServiceError } from '../errors.ts';
import type { AttemptEnd, WorkerEnd } from './attempt.ts';
import type { Deletion } from './deletion.ts';
import type { Delivery, TerminateInstead } from './delivery.ts';
import type { CredentialsLifetime } from './flow.ts';
import type { FlowPlan, StoredEnvironment } from './flow-plan.ts';
import type { FlowRequest } from './flow-request.ts';
import type { CancelRequest, Outcome } from './outcome.ts';
import type { ProtocolState } from './protocol-state.ts';
import type { FlowPush } from './push.ts';
import type { SavedDiagnosis } from './pending/pending-cause.ts';

const prefix = 'edc-job-provisioner';

/** The Job's annotations are the flow's whole memory; each is written by one step and read by `readFlow`. */
export const annotation = {
  /** FlowRequest. */
  request: `${prefix}/request`,
  /** FlowPlan. */
  plan: `${prefix}/plan`,
  /** StoredEnvironment. */
  environment: `${prefix}/environment`,
  /** Digest of asset and template: a repeat with another one is a conflict. */
  content: `${prefix}/content`,
  /** When the request was last repeated before the outcome was delivered; RFC 3339 with milliseconds. */
  lastRequestAt: `${prefix}/last-request-at`,
  /** When the Job was resumed. */
  startedAt: `${prefix}/started-at`,
  /** SavedDiagnosis: what keeps the worker from starting, and since when. */
  pending: `${prefix}/pending`,
  /** CredentialsLifetime. */
  credentials: `${prefix}/credentials`,
  /** WorkerEnd, written as soon as it is observed, before anything can delete the pod. */
  worker: `${prefix}/worker`,
  /** AttemptEnd. */
  attempt: `${prefix}/attempt`,
  /** Outcome. */
  outcome: `${prefix}/outcome`,
  /** Delivery. */
  delivery: `${prefix}/delivery`,
  /** Delivery: of the confirmation that the results are deleted. */
  confirmation: `${prefix}/confirmation`,
  /** TerminateInstead. */
  terminateInstead: `${prefix}/terminate-instead`,
  /** FlowPush. */
  push: `${prefix}/push`,
  /** Delivery: of the end of the push. */
  completion: `${prefix}/completion`,
  /** Delivery: of the message that the flow can receive. */
  readiness: `${prefix}/readiness`,
  /** ProtocolState. */
  protocol: `${prefix}/protocol`,
  recordedAt: `${prefix}/recorded-at`,
  /** When the connector requested a deprovision. */
  deprovision: `${prefix}/deprovision`,
  /** CancelRequest. */
  cancel: `${prefix}/cancel`,
  /** Deletion. */
  deletion: `${prefix}/deletion`,
  resultsDeletedAt: `${prefix}/results-deleted-at`,
} as const;

interface Values {
  [annotation.request]: FlowRequest;
  [annotation.plan]: FlowPlan;
  [annotation.environment]: StoredEnvironment;
  [annotation.pending]: SavedDiagnosis;
  [annotation.credentials]: CredentialsLifetime;
  [annotation.worker]: WorkerEnd;
  [annotation.attempt]: AttemptEnd;
  [annotation.outcome]: Outcome;
  [annotation.delivery]: Delivery;
  [annotation.confirmation]: Delivery;
  [annotation.terminateInstead]: TerminateInstead;
  [annotation.cancel]: CancelRequest;
  [annotation.deletion]: Deletion;
  [annotation.push]: FlowPush;
  [annotation.completion]: Delivery;
  [annotation.readiness]: Delivery;
  [annotation.protocol]: ProtocolState;
}

/** Parses one JSON annotation; throws `internal` with its name if it was broken by hand. */
export function readAnnotation<K extends keyof Values>(
  annotations: Record<string, string>,
  name: K,
): Values[K] | undefined {
  const text = annotations[name];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Values[K];
  } catch (cause) {
    throw new ServiceError('internal', `The Job's annotation ${name} is not JSON.`, {
      cause,
      field: name,
    });
  }
}

export function writeAnnotation<K extends keyof Values>(name: K, value: Values[K]): Record<string, string> {
  return { [name]: JSON.stringify(value) };
}
