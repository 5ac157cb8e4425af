import { isServiceError } from '../../errors.ts';
import { annotation } from '../../flow/annotations.ts';
import type { Flow, ObservedOutcome } from '../../flow/flow.ts';
import { outcomeFinalizer } from '../../flow/labels.ts';
import { hasReplay } from '../../flow/replay.ts';
import { buildRecord, retentionEnd } from '../../flow/record.ts';
import { flowLogger } from '../../log.ts';
import { writeRecord } from '../../requests/stored-record.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { continueNow, type Reconciler, type Step, type StepResult } from '../reconciler.ts';
import { abortUploads } from './delete-results.ts';
import { patchFlow, type JobWriter } from '../patch-flow.ts';

export function decideRecord({ flow }: ObservedOutcome): Step<'record'> {
  return { kind: 'record', run: (deps, signal) => recordFlow(deps, flow, signal) };
}

/**
 * The last step of a flow: writes its record into the bucket, then makes the Job a tombstone. If the store does not take the record, the
 * Job is labelled `unrecorded` and the record is retried until retention ends. Until then the Job keeps its finalizer, since without a
 * record only the Job knows of the results.
 */
export async function recordFlow(
  deps: JobWriter & Pick<Reconciler, 'now' | 'store'>,
  flow: Flow,
  signal: AbortSignal,
): Promise<StepResult> {
  const at = deps.now().toISOString();
  const finalizers = flow.finalizers.filter((name) => name !== outcomeFinalizer);
  try {
    await writeFlowRecord({ store: deps.store, flow, at }, signal);
    // No pod is left: an open upload belongs to a pod that was killed.
    if (flow.resultsDeletedAt === undefined) await abortUploads(deps.store, flow.name, signal);
  } catch (error) {
    if (!isServiceError(error, 'bucket-missing', 'store-refused', 'store-forbidden', 'store-unavailable'))
      throw error;
    if (flow.state !== 'unrecorded') {
      await patchFlow(deps, { flow, state: 'unrecorded' }, signal);
      flowLogger(deps.log, flow.name).warn({ err: error }, 'record not written yet');
    }
    if (!isPastRetention(flow, deps.now())) throw error;
  }
  const current = deps.cache.flow(flow.name) ?? flow;
  // A deprovision or a replay may come while the record is written: that is done before the Job is closed.
  if (current.deprovisionAskedAt !== flow.deprovisionAskedAt || hasReplay(current)) return continueNow;
  await patchFlow(
    deps,
    { flow: current, state: 'closed', annotations: { [annotation.recordedAt]: at }, finalizers },
    signal,
  );
  return continueNow;
}

export function isPastRetention(flow: Flow, now: Date): boolean {
  return now.getTime() > retentionEnd(flow);
}

/** Writes nothing if the flow's delivery has not ended. */
export async function writeFlowRecord(
  { store, flow, at }: { store: ObjectStore; flow: Flow; at: string },
  signal: AbortSignal,
): Promise<void> {
  const record = buildRecord(flow, at);
  if (record !== undefined) await writeRecord(store, record, signal);
}
