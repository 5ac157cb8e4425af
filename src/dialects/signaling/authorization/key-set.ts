import { createLocalJWKSet, errors, type CompactVerifyGetKey, type JSONWebKeySet } from 'jose';
import type { Dispatcher } from 'undici';
import { messageOf, ServiceError } from '../../../errors.ts';
import type { Logger } from '../../../log.ts';
import { untilAborted } from '../../../until-aborted.ts';
import { deliverMessage } from '../../deliver-message.ts';

/** The public keys behind a URL, for the signatures of one issuer. */
export interface KeySet {
  /**
   * Runs `verify` with the keys. If it throws `JWKSNoMatchingKey`, they may have been rotated: they are loaded again, and it runs once
   * more. Throws `unavailable` if no keys can be loaded.
   */
  use<T>(verify: (keys: CompactVerifyGetKey) => Promise<T>, signal: AbortSignal): Promise<T>;
}

export interface KeySetOptions {
  dispatcher: Dispatcher;
  log: Logger;
  /** Aborts when the service stops, and ends a request that is under way. */
  stopping: AbortSignal;
  /** For one request. Default: less than the deadline of an answer. */
  timeoutMillis?: number;
  /** Least time between two requests; tokens with unknown keys do not shorten it. */
  intervalMillis?: number;
  /** Keys of this age are loaded again, so that a key that was removed is not accepted much longer. */
  refreshMillis?: number;
  /** Keys of this age are not used, even if no newer ones can be loaded. */
  maxAgeMillis?: number;
  /** The keys in an answer. Default: it is a JSON Web Key Set. */
  read?: (body: string) => JSONWebKeySet;
  /** A clock that never goes back, in milliseconds. */
  monotonic?: () => number;
}

const defaults = {
  timeoutMillis: 2000,
  intervalMillis: 10_000,
  refreshMillis: 300_000,
  maxAgeMillis: 3_600_000,
  // jose checks the shape.
  read: (body: string) => JSON.parse(body) as JSONWebKeySet,
  monotonic: () => performance.now(),
};

interface Loaded {
  keys: CompactVerifyGetKey;
  at: number;
}

export function createKeySet(url: string, options: KeySetOptions): KeySet {
  const { log, intervalMillis, refreshMillis, maxAgeMillis, monotonic, ...request } = {
    ...defaults,
    ...options,
  };
  let loaded: Loaded | undefined;
  let attemptedAt = -Infinity;
  let loading: Promise<void> | undefined;
  async function load(): Promise<void> {
    attemptedAt = monotonic();
    try {
      loaded = { keys: await loadKeys(url, request), at: monotonic() };
    } catch (error) {
      if (!request.stopping.aborted)
        log.warn({ endpoint: originOf(url), problem: messageOf(error) }, 'key set not loaded');
    } finally {
      loading = undefined;
    }
  }
  /** All callers wait for the same request, which none of them can abort. Does nothing within the interval. */
  async function refresh(signal: AbortSignal): Promise<void> {
    if (loading === undefined && monotonic() - attemptedAt >= intervalMillis) loading = load();
    if (loading !== undefined) await untilAborted(loading, signal);
  }
  function ageOf({ at }: Loaded): number {
    return monotonic() - at;
  }
  function usable(): Loaded {
    if (loaded !== undefined && ageOf(loaded) < maxAgeMillis) return loaded;
    throw new ServiceError('unavailable', 'the key set of the control plane cannot be loaded');
  }
  return {
    async use(verify, signal) {
      if (loaded === undefined || ageOf(loaded) >= refreshMillis) await refresh(signal);
      const known = usable();
      try {
        return await verify(known.keys);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        await refresh(signal);
        if (loaded === known) throw error;
        return await verify(usable().keys);
      }
    },
  };
}

/** A set of a hundred keys is some 50 KiB long. */
const answerLimit = 256 * 1024;
const keyLimit = 100;

async function loadKeys(
  url: string,
  {
    dispatcher,
    timeoutMillis,
    stopping,
    read,
  }: Required<Pick<KeySetOptions, 'dispatcher' | 'timeoutMillis' | 'stopping' | 'read'>>,
): Promise<CompactVerifyGetKey> {
  const message = { url, method: 'GET', headers: {}, timeoutMillis, dispatcher, answerLimit } as const;
  const answer = await deliverMessage(message, stopping);
  if (answer.got === 'nothing') throw new Error(answer.problem);
  if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
  const set = read(answer.body);
  const keys = createLocalJWKSet(set);
  if (set.keys.length > keyLimit)
    throw new Error(`expected at most ${keyLimit} keys, received ${set.keys.length}`);
  return keys;
}

/** The only part of a URL that is logged: its path and query may hold a secret. */
function originOf(url: string): string {
  return URL.parse(url)?.origin ?? 'no URL';
}
