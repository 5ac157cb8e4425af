import { hash } from 'node:crypto';
import { outcomeFinalizer, stateLabel } from '../flow/labels.ts';
import type { FlowRequest } from '../flow/flow-request.ts';
import type { Job } from '../kubernetes/types.ts';
import type { RenderedTemplate, Template } from '../template/template.ts';
import { keptParameters } from './kept-parameters.ts';
import { buildJobLabels } from './metadata.ts';
import { buildPodTemplate, type PodSettings } from './pod-template.ts';
import { workerContainer } from '../flow/attempt.ts';
import { annotation, writeAnnotation } from '../flow/annotations.ts';
import { filesConfigMapName, parametersSecretName } from '../flow/names.ts';
import type { FlowPlan, StoredEnvironment } from '../flow/flow-plan.ts';
import type { ProtocolState } from '../flow/protocol-state.ts';
import { workerImage } from './worker.ts';

export interface JobInput {
  flow: string;
  request: FlowRequest;
  rendered: RenderedTemplate;
  settings: PodSettings;
}

/** Margin for scheduling, image pulls and late statuses, so that the reconciler's own deadlines pass first. */
const backstopSlackSeconds = 600;

/** The flow's Job. It is suspended, since the objects that its pod mounts do not exist yet. The caller adds annotations. */
export function buildJob(input: JobInput): Job {
  const { flow, request, rendered } = input;
  const own = rendered.job.metadata;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: flow,
      labels: { ...request.labels, ...own?.labels, ...buildJobLabels(flow, request), [stateLabel]: 'open' },
      ...(own?.annotations === undefined ? {} : { annotations: own.annotations }),
      finalizers: [outcomeFinalizer],
    },
    spec: {
      suspend: true,
      parallelism: 1,
      completions: 1,
      // Only a disruption leads to a replacement, and the failure policy does not count it.
      backoffLimit: 0,
      // Without a policy, a lost node leads to two pods at once.
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
      // Named, so that the sidecar's exit code does not count.
      { action: 'FailJob', onExitCodes: { containerName: workerContainer, operator: 'NotIn', values: [0] } },
    ],
  };
}

/** The backstop if no reconciler runs. Doubled, since a replacement pod may need the time of pending and run again. */
function backstop({ limits: { pending, run, upload } }: Template): number {
  return 2 * (pending + run) + upload + backstopSlackSeconds;
}

/** The suspended Job with all data that the event half needs: it never reads the template. */
export function buildFlowJob(
  input: JobInput,
  { environment, protocol }: { environment: StoredEnvironment; protocol?: ProtocolState | undefined },
): Job {
  const { flow, request, rendered } = input;
  const job = buildJob(input);
  const annotations = {
    ...job.metadata?.annotations,
    ...writeAnnotation(annotation.request, { ...request, ...keptParameters(rendered) }),
    ...writeAnnotation(annotation.plan, buildPlan(flow, rendered)),
    ...writeAnnotation(annotation.environment, environment),
    ...(protocol === undefined ? {} : writeAnnotation(annotation.protocol, protocol)),
    [annotation.content]: contentDigest(request),
    [annotation.lastRequestAt]: request.acceptedAt,
  };
  return { ...job, metadata: { ...job.metadata, annotations } };
}

/** Policy, callback address, `type` and member order are not content. */
export function contentDigest({ assetId, template }: FlowRequest): string {
  return hash('sha256', JSON.stringify([assetId, template]), 'hex');
}

/** The part of a template that the event half needs. The Job keeps it, since templates may change. */
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
    ...(rendered.envFiles === undefined ? {} : { envFiles: rendered.envFiles }),
    results: {
      choice,
      address: template.address,
      required,
      ...(allowEmpty ? { allowEmpty } : {}),
      ...(contentType === undefined ? {} : { contentType }),
    },
    ...(rendered.inputs.length > 0 ? { inputs: rendered.inputs } : {}),
    limits: template.limits,
    retention: template.retention,
  };
}
