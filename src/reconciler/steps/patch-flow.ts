import type { Flow } from '../../flow/flow.ts';
import type { FlowState } from '../../flow/labels.ts';
import { stateLabel } from '../../flow/labels.ts';
import { goOn, type Reconciler, type StepResult } from '../reconciler.ts';

export interface FlowPatch {
  flow: Flow;
  annotations?: Record<string, string>;
  state?: FlowState;
  /** The whole new list. */
  finalizers?: string[];
}

/** One conditional write on the Job, seen by the next decision at once; `cluster-conflict` if the Job is not as it was read. */
export async function patchFlow(
  deps: Reconciler,
  { flow, annotations, state, finalizers }: FlowPatch,
  signal: AbortSignal,
): Promise<StepResult> {
  const metadata = {
    resourceVersion: flow.resourceVersion,
    ...(annotations === undefined ? {} : { annotations }),
    ...(state === undefined ? {} : { labels: { [stateLabel]: state } }),
    ...(finalizers === undefined ? {} : { finalizers }),
  };
  deps.world.learnJob(await deps.cluster.jobs.patch(flow.name, { metadata }, signal));
  return goOn;
}
