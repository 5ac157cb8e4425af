import { setTimeout as sleep } from 'node:timers/promises';
import { backOffMillis, type BackOff } from '../../back-off.ts';
import type { ResourceClient } from '../../kubernetes/resource-client.ts';
import type { Job } from '../../kubernetes/types.ts';
import type { Logger } from '../../log.ts';

export interface Takeover {
  /** Begins with a term of this replica. */
  start(term: AbortSignal): void;
  /**
   * Whether a cache that is complete up to this resourceVersion has all that was written before the term. False without a term. The
   * rule that depends on it: `answer-first/README.md`.
   */
  isOver(resourceVersion: number): boolean;
}

export interface TakeoverOptions {
  jobs: Pick<ResourceClient<Job>, 'list'>;
  backoff: BackOff;
  log: Logger;
}

export function createTakeover(options: TakeoverOptions): Takeover {
  let version = Infinity;
  return {
    start(term) {
      void readVersion(options, term).then((read) => {
        if (!term.aborted) version = read;
      });
      term.addEventListener('abort', () => (version = Infinity), { once: true });
    },
    isOver: (resourceVersion) => resourceVersion > version,
  };
}

/** The cluster's version now. Every list has it, so one object is enough. Retries until it is answered. */
async function readVersion({ jobs, backoff, log }: TakeoverOptions, term: AbortSignal): Promise<number> {
  for (let failures = 1; !term.aborted; failures += 1) {
    try {
      return Number((await jobs.list({ limit: 1 }, term)).resourceVersion);
    } catch (error) {
      await sleep(backOffMillis(backoff, failures), undefined, { signal: term }).then(
        () => {
          log.warn({ failures, err: error }, 'version of the cluster not read');
        },
        () => undefined, // the term is over
      );
    }
  }
  return Infinity;
}
