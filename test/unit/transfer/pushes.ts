import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../../src/clock.ts';
import type { StoredManifest } from '../../../src/result/read-manifest.ts';
import type { ObjectStore } from '../../../src/storage/object-store.ts';
import type { Push, PushLimits } from '../../../src/transfer/types.ts';
import { openStore, upload } from '../result/real-store.ts';
import { memoryStore, sidecarWrites, type MemoryStore } from '../result/stored-results.ts';

export const { signal } = new AbortController();

/** Arrives in many pieces; the buffers of a connection may take it whole. */
export const large = randomBytes(6 * 1024 * 1024);

/** More than the buffers of a connection take. */
export const huge = Buffer.alloc(40 * 1024 * 1024, 'x');

/** A clock on which pauses end at once; the bounds of an attempt, which are longer, last until it has ended. */
export class PauseClock implements Clock {
  readonly pauses: number[] = [];
  /** Sleeps that have not ended. */
  sleeping = 0;
  #now = 0;

  monotonic(): number {
    return this.#now;
  }

  async sleep(millis: number, until: AbortSignal): Promise<void> {
    this.sleeping += 1;
    if (millis < shortestBound) {
      this.pauses.push(millis);
      this.#now += millis;
      await nextTurn();
    } else if (!until.aborted) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      until.addEventListener('abort', () => {
        resolve(undefined);
      });
      await promise;
    }
    this.sleeping -= 1;
  }
}

const shortestBound = 1_000_000;

export const limits: PushLimits = {
  idleMillis: 10_000_000,
  totalMillis: 1_000_000_000,
  attempts: 4,
  backOff: { firstMillis: 1000, maxMillis: 8000 },
  retryAfterMillis: 60_000,
};

type Changes = Partial<Omit<Push, 'limits'>> & { limits?: Partial<PushLimits> };

/** The defaults of a push: the only file, or all as a zip. */
export function pushOf(
  results: { store: ObjectStore; stored: StoredManifest },
  { limits: changed, ...changes }: Changes & Pick<Push, 'sink'>,
): Push & { clock: Clock } {
  return {
    ...results,
    choice: { kind: 'auto', archive: 'zip' },
    clock: new PauseClock(),
    retry: { attempts: 2, firstMillis: 0 },
    limits: { ...limits, ...changed },
    ...changes,
  };
}

/** Results in the embedded store. */
export async function storedResults(
  t: TestContext,
  files: Record<string, Buffer>,
): Promise<{ store: ObjectStore; stored: StoredManifest }> {
  const store = await openStore(t);
  const { manifest, report } = await upload(store, files);
  return { store, stored: { manifest, sha256: report.sha256, etag: report.etag, size: 1 } };
}

/** Results in memory, whose objects a test can change and whose open streams it can count. */
export function resultsInMemory(files: Record<string, Buffer>): {
  store: MemoryStore;
  stored: StoredManifest;
} {
  const { objects, manifest, report } = sidecarWrites(files);
  const store = memoryStore(objects, 64 * 1024);
  return { store, stored: { manifest, sha256: report.sha256, etag: report.etag, size: 1 } };
}
