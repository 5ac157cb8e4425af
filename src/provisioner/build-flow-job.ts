import { hash } from 'node:crypto';
import { annotation, writeAnnotation, type FrozenEnvironment } from '../flow/annotations.ts';
import type { FlowRequest } from '../flow/flow-request.ts';
import type { Job } from '../kubernetes/types.ts';
import { buildJob, type JobInput } from './resources/job.ts';
import { buildPlan } from './resources/plan.ts';

/** The suspended Job with all that the event half will need of the request: nothing is asked of the template afterwards. */
export function buildFlowJob(input: JobInput, environment: FrozenEnvironment): Job {
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
