import type { Flow } from '../flow/flow.ts';
import { type FlowState, stateLabel } from '../flow/labels.ts';
import { isSame } from './machinery/object-cache.ts';
import { continueNow, type Reconciler, type StepResult } from './reconciler.ts';

export interface FlowPatch {
  flow: Flow;
  annotations?: Record<string, string>;
  state?: FlowState;
  /** The whole new list. */
  finalizers?: string[];
}

/**
 * One conditional write on the Job, seen by the next decision at once; `cluster-conflict` if the Job is not as it was read. What is known
 * to differ only in what is not kept of it, its pods' count mostly, is as it was read.
 */
export async function patchFlow(
  deps: Reconciler,
  { flow, annotations, state, finalizers }: FlowPatch,
  signal: AbortSignal,
): Promise<StepResult> {
  const current = deps.cache.flow(flow.name);
  const { resourceVersion } = current !== undefined && isSame(current, flow) ? current : flow;
  const metadata = {
    resourceVersion,
    ...(annotations === undefined ? {} : { annotations }),
    ...(state === undefined ? {} : { labels: { [stateLabel]: state } }),
    ...(finalizers === undefined ? {} : { finalizers }),
  };
  deps.cache.updateJob(await deps.cluster.jobs.patch(flow.name, { metadata }, signal));
  return continueNow;
}
