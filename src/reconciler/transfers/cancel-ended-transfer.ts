import { annotation, writeAnnotation } from '../../flow/annotations.ts';
import type { Flow } from '../../flow/flow.ts';
import type { Reconciler } from '../reconciler.ts';
import { patchFlow, type JobWriter } from '../patch-flow.ts';

/** Requests the cancellation of a flow whose transfer has ended; `cluster-conflict` if the flow has changed since it was read. */
export async function cancelEndedTransfer(
  deps: JobWriter & Pick<Reconciler, 'now'>,
  { flow, message }: { flow: Flow; message: string },
  signal: AbortSignal,
): Promise<void> {
  const cancel = { reason: 'transfer-ended', at: deps.now().toISOString(), message } as const;
  await patchFlow(deps, { flow, annotations: writeAnnotation(annotation.cancel, cancel) }, signal);
}
