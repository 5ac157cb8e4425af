import { isServiceError } from '../../errors.ts';
import type { Attempt } from '../../flow/attempt.ts';
import { evidenceFinalizer, evidenceLabel } from '../../flow/labels.ts';
import { continueNow, type Reconciler, type StepResult } from '../reconciler.ts';

/** Lets pods go whose evidence is kept or no longer needed: off with our finalizer, and out of the informer's selection. */
export async function releaseAttempts(
  deps: Reconciler,
  attempts: Attempt[],
  signal: AbortSignal,
): Promise<StepResult> {
  for (const attempt of attempts) {
    await releaseAttempt(deps, attempt, signal);
    deps.cache.removePod(attempt.pod);
  }
  return continueNow;
}

async function releaseAttempt(
  { cluster }: Reconciler,
  { pod, id }: Attempt,
  signal: AbortSignal,
): Promise<void> {
  const current = await cluster.pods.get(pod, signal);
  if (current?.metadata?.uid !== id) return;
  const { finalizers = [], resourceVersion } = current.metadata;
  const others = finalizers.filter((name) => name !== evidenceFinalizer);
  try {
    const metadata = { resourceVersion, finalizers: others, labels: { [evidenceLabel]: null } };
    await cluster.pods.patch(pod, { metadata }, signal);
  } catch (error) {
    if (!isServiceError(error, 'cluster-not-found')) throw error;
  }
}
