import { annotation, writeAnnotation } from '../flow/annotations.ts';
import { workerContainer } from '../flow/attempt.ts';
import type { FlowPlan } from '../flow/flow-plan.ts';
import type { FlowRequest } from '../flow/flow-request.ts';
import { outcomeFinalizer, stateLabel } from '../flow/labels.ts';
import type { Job, PodSpec } from '../kubernetes/types.ts';
import { contentDigest } from './job.ts';
import type { PodSettings } from './pod-template.ts';
import { buildPodSecurityContext, buildSecurityContext } from './security-context.ts';

export interface IdleJobInput {
  flow: string;
  request: FlowRequest;
  plan: FlowPlan;
  labels: Record<string, string>;
  /** In addition to those of every flow. */
  annotations: Record<string, string>;
  /** For the pod of a Job that somebody resumes. Default: none. */
  activeDeadlineSeconds?: number;
  settings: PodSettings;
}

/**
 * The Job of a flow that runs nothing: it holds the flow's state, since the cluster is the only database. It is suspended and never resumed.
 * If a person resumes it, its pod does nothing.
 */
export function buildIdleJob(input: IdleJobInput): Job {
  const { flow, request, plan, labels, annotations, activeDeadlineSeconds, settings } = input;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: flow,
      labels: { ...labels, [stateLabel]: 'open' },
      annotations: {
        ...writeAnnotation(annotation.request, request),
        ...writeAnnotation(annotation.plan, plan),
        ...annotations,
        [annotation.content]: contentDigest(request),
        [annotation.lastRequestAt]: request.acceptedAt,
      },
      finalizers: [outcomeFinalizer],
    },
    spec: {
      suspend: true,
      backoffLimit: 0,
      ...(activeDeadlineSeconds === undefined ? {} : { activeDeadlineSeconds }),
      template: { metadata: { labels }, spec: buildIdlePod(settings) },
    },
  };
}

/** A Job needs a pod. */
function buildIdlePod({ images, pods }: PodSettings): PodSpec {
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
