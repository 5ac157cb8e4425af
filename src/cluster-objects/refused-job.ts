import { annotation, writeAnnotation } from '../flow/annotations.ts';
import { workerContainer } from '../flow/attempt.ts';
import type { FlowPlan } from '../flow/flow-plan.ts';
import type { FlowRequest } from '../flow/flow-request.ts';
import { outcomeFinalizer, stateLabel, templateLabel } from '../flow/labels.ts';
import type { Job, PodSpec } from '../kubernetes/types.ts';
import { contentDigest } from './job.ts';
import { buildJobLabels } from './metadata.ts';
import type { PodSettings } from './pod-template.ts';
import { buildPodSecurityContext, buildSecurityContext } from './security-context.ts';

export interface RefusedJobInput {
  flow: string;
  request: FlowRequest;
  /** Why the request can never be served. */
  refused: string;
  settings: PodSettings;
}

/**
 * The Job of a request that can never be served. It is suspended and is never resumed: it holds the reason until the reconciler has delivered
 * it, as the Job of any other flow does.
 */
export function buildRefusedJob({ flow, request, refused, settings }: RefusedJobInput): Job {
  // A requested name that no template can have is no label either.
  const labels = { ...buildJobLabels(flow, request), [templateLabel]: '' };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: flow,
      labels: { ...labels, [stateLabel]: 'open' },
      annotations: {
        ...writeAnnotation(annotation.request, request),
        ...writeAnnotation(annotation.plan, buildRefusedPlan(request, refused, settings)),
        ...writeAnnotation(annotation.environment, { values: {} }),
        [annotation.content]: contentDigest(request),
        [annotation.lastRequestAt]: request.acceptedAt,
      },
      finalizers: [outcomeFinalizer],
    },
    spec: {
      suspend: true,
      backoffLimit: 0,
      activeDeadlineSeconds: 60,
      template: { metadata: { labels }, spec: buildIdlePod(settings) },
    },
  };
}

function buildRefusedPlan(
  { template }: FlowRequest,
  refused: string,
  { images, pods }: PodSettings,
): FlowPlan {
  const { pending, run, upload, stopGrace } = pods.limits;
  return {
    template,
    templateDigest: '',
    image: images.sidecar,
    refused,
    results: { choice: { kind: 'auto', archive: 'zip' }, address: 'service', required: [] },
    limits: { pending, run, upload, stopGrace },
    retention: pods.retentionSeconds,
  };
}

/** A Job needs a pod; this one does nothing if somebody resumes the Job. */
export function buildIdlePod({ images, pods }: PodSettings): PodSpec {
  const { cpuRequest, cpuLimit, memoryRequest, memoryLimit } = pods.sidecar;
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    securityContext: buildPodSecurityContext(pods.runAsUser),
    containers: [
      {
        name: workerContainer,
        image: images.sidecar,
        command: ['true'],
        securityContext: buildSecurityContext(true),
        resources: {
          requests: { cpu: cpuRequest, memory: memoryRequest },
          limits: { cpu: cpuLimit, memory: memoryLimit },
        },
      },
    ],
  };
}
