import { isServiceError } from '../../errors.ts';
import { annotation } from '../../flow/annotations.ts';
import type { Flow } from '../../flow/flow.ts';
import { outcomeFinalizer } from '../../flow/labels.ts';
import { buildRecord, recordIndexKey, recordKey } from '../../flow/record.ts';
import { flowLogger } from '../../log.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { goOn, type Reconciler, type StepResult } from '../reconciler.ts';
import { abortUploads } from './delete-results.ts';
import { patchFlow } from './patch-flow.ts';

/**
 * The last step of a flow: its record into the bucket, then the Job is a tombstone. A store that does not take the record delays
 * nothing: the Job is let go and listed as `unrecorded`, and the record is tried again until retention ends.
 */
export async function recordFlow(deps: Reconciler, flow: Flow, signal: AbortSignal): Promise<StepResult> {
  const at = deps.now().toISOString();
  const finalizers = flow.finalizers.filter((name) => name !== outcomeFinalizer);
  try {
    await writeRecord(deps.store, flow, at, signal);
    // No pod is left: an upload that is still open is of one that was killed.
    if (flow.resultsDeletedAt === undefined) await abortUploads(deps.store, flow.name, signal);
  } catch (error) {
    if (!isServiceError(error, 'bucket-missing', 'store-refused', 'store-unavailable')) throw error;
    if (flow.state !== 'unrecorded') {
      await patchFlow(deps, { flow, state: 'unrecorded', finalizers }, signal);
      flowLogger(deps.log, flow.name).warn({ err: error }, 'The record could not be written yet.');
    }
    if (!isPastRetention(flow, deps.now())) throw error;
  }
  const current = deps.world.flow(flow.name) ?? flow;
  // Connectors deprovision at once: closing now would close over what was asked while the record was written.
  if (current.deprovisionAskedAt !== flow.deprovisionAskedAt) return goOn;
  await patchFlow(
    deps,
    { flow: current, state: 'closed', annotations: { [annotation.recordedAt]: at }, finalizers },
    signal,
  );
  deps.settle.forget(flow.uid);
  return goOn;
}

export function isPastRetention({ outcome, plan }: Flow, now: Date): boolean {
  return outcome !== undefined && now.getTime() > Date.parse(outcome.at) + plan.retention * 1000;
}

export async function writeRecord(
  store: ObjectStore,
  flow: Flow,
  ...[at, signal]: [string, AbortSignal]
): Promise<void> {
  const record = buildRecord(flow, at);
  if (record === undefined) return;
  const body = Buffer.from(`${JSON.stringify(record, null, 2)}\n`);
  const options = { contentType: 'application/json' };
  await store.put(recordKey(flow.name), body, options, signal);
  await store.put(recordIndexKey(flow.name, flow.request.acceptedAt), Buffer.alloc(0), options, signal);
}
