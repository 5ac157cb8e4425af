import { setTimeout as delay } from 'node:timers/promises';
import { isServiceError, type ErrorCode } from '../../errors.ts';
import type { Attempt } from '../../flow/attempt.ts';
import { flowLogger } from '../../log.ts';
import { boundSignal } from '../../until-aborted.ts';
import type { Reconciler } from '../reconciler.ts';
import { archiveLog } from './archive-log.ts';
import { LargeLogs } from './large-logs.ts';

/** Keeps the logs of workers in the bucket, since they vanish with their pods. */
export interface LogArchive {
  /**
   * Call it while the pod is there. Does nothing for a worker that has not started, and for a flow whose results are deleted. A log that
   * cannot be read or stored is left out: throws only when the signal aborts, and takes no longer than ten seconds.
   */
  save(attempt: Attempt, signal: AbortSignal): Promise<void>;
}

/** For all tries. */
const timeoutMillis = 10_000;
/** Few for a log, since the API server answers so when a node is away. If it is away itself, the step fails and is run again. */
const mostTries: Partial<Record<ErrorCode, number>> = { 'cluster-unavailable': 2, 'store-unavailable': 3 };
const pauseMillis = 300;

type Deps = Pick<Reconciler, 'cluster' | 'store' | 'config' | 'cache' | 'log'>;

export function createLogArchive(deps: Deps): LogArchive {
  const largeLogs = new LargeLogs();
  async function repeat(attempt: Attempt, signal: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await archiveLog({ ...deps, largeLogs }, attempt, signal);
        return;
      } catch (error) {
        if (!isServiceError(error) || tries >= (mostTries[error.code] ?? 1)) throw error;
        if (error.code === 'store-unavailable') await delay(pauseMillis * tries, undefined, { signal });
      }
    }
  }
  return {
    async save(attempt, signal) {
      if (attempt.worker.state === 'waiting' || deps.config.pods.keptLogBytes === 0) return;
      const flow = deps.cache.flow(attempt.flow);
      if (flow === undefined || flow.deprovisionAskedAt !== undefined) return;
      using bounded = boundSignal(signal, timeoutMillis);
      try {
        await repeat(attempt, bounded.signal);
      } catch (err) {
        signal.throwIfAborted();
        flowLogger(deps.log, attempt.flow).warn({ err, attempt: attempt.id }, 'worker log not archived');
      }
    },
  };
}
