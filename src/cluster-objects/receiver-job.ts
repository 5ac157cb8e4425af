import { annotation, writeAnnotation } from '../flow/annotations.ts';
import { receiverLifetimeSeconds, receiverTemplate, type FlowPlan } from '../flow/flow-plan.ts';
import type { FlowRequest } from '../flow/flow-request.ts';
import type { ProtocolState } from '../flow/protocol-state.ts';
import type { Job } from '../kubernetes/types.ts';
import { buildIdleJob } from './idle-job.ts';
import { buildJobLabels } from './metadata.ts';
import type { PodSettings } from './pod-template.ts';

export interface ReceiverInput {
  flow: string;
  request: FlowRequest;
  protocol: ProtocolState;
  settings: PodSettings;
}

/** The Job of a flow that receives data. */
export function buildReceiverJob({ flow, request, protocol, settings }: ReceiverInput): Job {
  return buildIdleJob({
    ...{ flow, request, settings },
    plan: buildReceiverPlan(settings),
    labels: buildJobLabels(flow, request),
    annotations: writeAnnotation(annotation.protocol, protocol),
  });
}

function buildReceiverPlan({ images, pods }: PodSettings): FlowPlan {
  return {
    template: receiverTemplate,
    templateDigest: '',
    image: images.sidecar,
    results: { choice: { kind: 'auto', archive: 'zip' }, address: 'service', required: [], allowEmpty: true },
    limits: { pending: 0, run: receiverLifetimeSeconds, upload: 0, stopGrace: 0 },
    retention: pods.retentionSeconds,
    receives: true,
  };
}
