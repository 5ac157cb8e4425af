import { annotation, writeAnnotation } from '../flow/annotations.ts';
import { receiverTemplate, type FlowPlan } from '../flow/flow-plan.ts';
import type { FlowRequest } from '../flow/flow-request.ts';
import { outcomeFinalizer, stateLabel } from '../flow/labels.ts';
import type { ProtocolState } from '../flow/protocol-state.ts';
import type { Job } from '../kubernetes/types.ts';
import { contentDigest } from './job.ts';
import { buildJobLabels } from './metadata.ts';
import type { PodSettings } from './pod-template.ts';
import { buildIdlePod } from './refused-job.ts';

export interface ReceiverInput {
  flow: string;
  request: FlowRequest;
  protocol: ProtocolState;
  settings: PodSettings;
}

/** A transfer that has not ended by then is given up. */
const lifetimeSeconds = 30 * 24 * 3600;

/**
 * The Job of a flow that receives data: nothing but its state, since the cluster is the only database. It is never resumed. If a person
 * resumes it, its pod does nothing.
 */
export function buildReceiverJob({ flow, request, protocol, settings }: ReceiverInput): Job {
  const labels = buildJobLabels(flow, request);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: flow,
      labels: { ...labels, [stateLabel]: 'open' },
      annotations: {
        ...writeAnnotation(annotation.request, request),
        ...writeAnnotation(annotation.plan, buildReceiverPlan(settings)),
        ...writeAnnotation(annotation.protocol, protocol),
        [annotation.content]: contentDigest(request),
        [annotation.lastRequestAt]: request.acceptedAt,
      },
      finalizers: [outcomeFinalizer],
    },
    spec: {
      suspend: true,
      backoffLimit: 0,
      template: { metadata: { labels }, spec: buildIdlePod(settings) },
    },
  };
}

function buildReceiverPlan({ images, pods }: PodSettings): FlowPlan {
  return {
    template: receiverTemplate,
    templateDigest: '',
    image: images.sidecar,
    results: { choice: { kind: 'auto', archive: 'zip' }, address: 'service', required: [], allowEmpty: true },
    limits: { pending: 0, run: lifetimeSeconds, upload: 0, stopGrace: 0 },
    retention: pods.retentionSeconds,
    receives: true,
  };
}
