import { isServiceError } from '../../errors.ts';
import type { Attempt } from '../../flow/attempt.ts';
import { isFinal, wasTried } from '../../flow/delivery.ts';
import type { ObservedOutcome } from '../../flow/flow.ts';
import { evidenceFinalizer, evidenceLabel } from '../../flow/labels.ts';
import { continueNow, type Reconciler, type Step, type StepResult } from '../reconciler.ts';

export interface Release extends Step<'release'> {
  attempts: Attempt[];
}

export function release(attempts: Attempt[]): Release {
  return { kind: 'release', attempts, run: (deps, signal) => releaseAttempts(deps, attempts, signal) };
}

/** Between two delivery attempts: a delivery may take a day, and the first one does not wait for this. */
export function decideReleaseOfEnded({ flow, attempts }: ObservedOutcome): Release | undefined {
  if (isFinal(flow.delivery) || !wasTried(flow.delivery)) return undefined;
  const ended = attempts.filter(({ terminal }) => terminal);
  return ended.length > 0 ? release(ended) : undefined;
}

export function decideRelease({ attempts }: ObservedOutcome): Release | undefined {
  return attempts.length > 0 ? release(attempts) : undefined;
}

type Deps = Pick<Reconciler, 'cluster' | 'cache' | 'logArchive'>;

/**
 * Removes our finalizer from pods whose evidence is saved or no longer needed, and the label by which the informer selects them. The logs of
 * those that have ended are kept first; that of a pod whose node does not answer was read when it was stopped, if it could be.
 */
async function releaseAttempts(deps: Deps, attempts: Attempt[], signal: AbortSignal): Promise<StepResult> {
  for (const attempt of attempts) {
    if (attempt.terminal) await deps.logArchive.save(attempt, signal);
    await releaseAttempt(deps, attempt, signal);
    deps.cache.removePod(attempt.pod);
  }
  return continueNow;
}

async function releaseAttempt({ cluster }: Deps, { pod, id }: Attempt, signal: AbortSignal): Promise<void> {
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
