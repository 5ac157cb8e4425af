import { hash } from 'node:crypto';
import { outcomeFinalizer, stateLabel } from '../flow/labels.ts';
import type { FlowRequest } from '../flow/flow-request.ts';
import type { Job } from '../kubernetes/types.ts';
import type { RenderedTemplate, Template } from '../template/template.ts';
import { buildJobLabels } from './metadata.ts';
import { buildPodTemplate, type PodSettings } from './pod-template.ts';
import { workerContainer } from '../flow/attempt.ts';
import { annotation, writeAnnotation } from '../flow/annotations.ts';
import { filesConfigMapName, parametersSecretName } from '../flow/names.ts';
import type { FlowPlan, StoredEnvironment } from '../flow/flow-plan.ts';
import { workerImage } from './worker.ts';

export interface JobInput {
  flow: string;
  request: FlowRequest;
  rendered: RenderedTemplate;
  settings: PodSettings;
}

/** Scheduling, image pulls and late statuses: the reconciler's own deadlines come first. */
const backstopSlackSeconds = 600;

/** The flow's Job, suspended: what its pod mounts is made before it is resumed. Its annotations are the caller's. */
export function buildJob(input: JobInput): Job {
  const { flow, request, rendered } = input;
  const own = rendered.job.metadata;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: flow,
      labels: { ...own?.labels, ...buildJobLabels(flow, request), [stateLabel]: 'open' },
      ...(own?.annotations === undefined ? {} : { annotations: own.annotations }),
      finalizers: [outcomeFinalizer],
    },
    spec: {
      suspend: true,
      parallelism: 1,
      completions: 1,
      // A replacement is made for a disruption alone, which does not count.
      backoffLimit: 0,
      // Without a policy a lost node gives two writers at once.
      podFailurePolicy: buildFailurePolicy(),
      podReplacementPolicy: 'Failed',
      activeDeadlineSeconds: backstop(rendered.template),
      template: buildPodTemplate(input),
    },
  };
}

type FailurePolicy = NonNullable<NonNullable<Job['spec']>['podFailurePolicy']>;

function buildFailurePolicy(): FailurePolicy {
  return {
    rules: [
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
      // By name: the sidecar's exit code must not decide.
      { action: 'FailJob', onExitCodes: { containerName: workerContainer, operator: 'NotIn', values: [0] } },
    ],
  };
}

/** The backstop if no reconciler runs. Doubled, since a replacement pod may take the time of pending and run once more. */
function backstop({ limits: { pending, run, upload } }: Template): number {
  return 2 * (pending + run) + upload + backstopSlackSeconds;
}

/** The suspended Job with all that the event half will need of the request: nothing is asked of the template afterwards. */
export function buildFlowJob(input: JobInput, environment: StoredEnvironment): Job {
  const { flow, request, rendered } = input;
  const job = buildJob(input);
  const annotations = {
    ...job.metadata?.annotations,
    ...writeAnnotation(annotation.request, request),
    ...writeAnnotation(annotation.plan, buildPlan(flow, rendered)),
    ...writeAnnotation(annotation.environment, environment),
    [annotation.content]: contentDigest(request),
    [annotation.lastRequestAt]: request.acceptedAt,
  };
  return { ...job, metadata: { ...job.metadata, annotations } };
}

/** Policy, callback address, `type` and member order are not content. */
function contentDigest({ assetId, template }: FlowRequest): string {
  return hash('sha256', JSON.stringify([assetId, template]), 'hex');
}

/** What the event half needs of a template after acceptance: it is frozen on the Job, since templates may change. */
export function buildPlan(flow: string, rendered: RenderedTemplate): FlowPlan {
  const { template, secretEnvironment } = rendered;
  const { choice, required, contentType, allowEmpty } = template.results;
  const hasFiles = Object.keys(template.files).length > 0;
  const hasSecrets = Object.keys(secretEnvironment).length > 0;
  return {
    template: template.name,
    templateDigest: template.digest,
    image: workerImage(rendered.job),
    ...(hasFiles ? { filesConfigMap: filesConfigMapName(template.digest) } : {}),
    ...(hasSecrets ? { parametersSecret: parametersSecretName(flow, rendered.digest) } : {}),
    results: {
      choice,
      address: template.address,
      required,
      ...(allowEmpty ? { allowEmpty } : {}),
      ...(contentType === undefined ? {} : { contentType }),
    },
    limits: template.limits,
    retention: template.retention,
  };
}
