import { stateLabel } from '../flow/labels.ts';
import type { Flow, FlowState } from '../flow/flow.ts';
import { flowLogger } from '../log.ts';
import { isSame } from './machinery/object-cache.ts';
import { continueNow, type Reconciler, type StepResult } from './reconciler.ts';

export interface FlowPatch {
  flow: Flow;
  annotations?: Record<string, string>;
  state?: FlowState;
  /** The whole new list. */
  finalizers?: string[];
  /** Logged once it is written. */
  entry?: { fields: object; message: string };
}

/** Dependencies of a step that writes on its Job. */
export type JobWriter = Pick<Reconciler, 'cache' | 'cluster' | 'log'>;

/**
 * One conditional write on the Job; `cluster-conflict` if the Job has changed since it was read. The answer is in the cache at once. A change
 * of what no projection keeps, such as the count of the Job's pods, is no conflict.
 */
export async function patchFlow(
  { cache, cluster, log }: JobWriter,
  { flow, annotations, state, finalizers, entry }: FlowPatch,
  signal: AbortSignal,
): Promise<StepResult> {
  const current = cache.flow(flow.name);
  const { resourceVersion } = current !== undefined && isSame(current, flow) ? current : flow;
  const metadata = {
    resourceVersion,
    ...(annotations === undefined ? {} : { annotations }),
    ...(state === undefined ? {} : { labels: { [stateLabel]: state } }),
    ...(finalizers === undefined ? {} : { finalizers }),
  };
  cache.updateJob(await cluster.jobs.patch(flow.name, { metadata }, signal));
  if (entry !== undefined) flowLogger(log, flow.name).info(entry.fields, entry.message);
  return continueNow;
}
