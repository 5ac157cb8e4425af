import { annotation, writeAnnotation } from '../flow/annotations.ts';
import type { FlowPlan } from '../flow/flow-plan.ts';
import type { FlowRequest } from '../flow/flow-request.ts';
import { templateLabel } from '../flow/labels.ts';
import type { Job } from '../kubernetes/types.ts';
import { buildIdleJob } from './idle-job.ts';
import { buildJobLabels } from './metadata.ts';
import type { PodSettings } from './pod-template.ts';

export interface RefusedJobInput {
  flow: string;
  request: FlowRequest;
  /** Why the request can never be served. */
  refused: string;
  settings: PodSettings;
}

/**
 * The Job of a request that can never be served: it holds the reason until the reconciler has delivered it, as the Job of any other flow
 * does.
 */
export function buildRefusedJob({ flow, request, refused, settings }: RefusedJobInput): Job {
  return buildIdleJob({
    ...{ flow, request, settings },
    plan: buildRefusedPlan(request, refused, settings),
    // A requested name that no template can have is no label either.
    labels: { ...buildJobLabels(flow, request), [templateLabel]: '' },
    annotations: writeAnnotation(annotation.environment, { values: {} }),
    activeDeadlineSeconds: 60,
  });
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
