import { backOffMillis, type BackOff } from '../back-off.ts';
import { messageOf, ServiceError } from '../errors.ts';
import { untilAborted } from '../until-aborted.ts';
import { requestToken, type Grant, type ObtainedToken, type RequestOptions } from './request-token.ts';

/** Tokens of one grant. */
export interface TokenSource {
  /**
   * A token that was not used before if it has a `jti`, unless `once` is `never`; else one that may serve many calls. Throws `unavailable`
   * with the endpoint's origin; also without a request, with the same problem, while the back-off after a failure lasts.
   */
  obtain(signal: AbortSignal): Promise<string>;
  /** Call it when a token was answered with 401: it is not used again. */
  drop(token: string): void;
}

export interface SourceOptions extends RequestOptions {
  /** Aborts when the service stops, and ends a request that is under way. */
  stopping: AbortSignal;
  /** How long a token is used, by its lifetime, if that is known. Default: until 30 s before its end: the call takes time, and clocks differ. */
  usableSeconds?: (lifetime: number | undefined) => number;
  /** `never`: a token serves many calls even if it has a `jti`. Default: `jti`. */
  once?: 'jti' | 'never';
  backoff?: BackOff;
  /** A clock that never goes back, in milliseconds. */
  monotonic?: () => number;
  random?: () => number;
}

const defaults = {
  usableSeconds: (lifetime = 0) => lifetime - 30,
  once: 'jti' as const,
  backoff: { firstMillis: 1000, maxMillis: 60_000 },
  monotonic: () => performance.now(),
  random: Math.random,
};

type Request = () => Promise<ObtainedToken>;

export function createTokenSource(grant: Grant, options: SourceOptions): TokenSource {
  const { usableSeconds, once, monotonic, ...pace } = { ...defaults, ...options };
  const request = pacedRequest({ ...pace, monotonic }, () => requestToken(grant, pace, pace.stopping));
  let kept: { token: string; until: number } | undefined;
  let pending: Promise<ObtainedToken & { taken?: true }> | undefined;
  async function requestShared(): Promise<ObtainedToken> {
    try {
      const { token, seconds, ...rest } = await request();
      const singleUse = rest.singleUse && once === 'jti';
      if (!singleUse) kept = { token, until: monotonic() + usableSeconds(seconds) * 1000 };
      return { token, seconds, singleUse };
    } finally {
      pending = undefined;
    }
  }
  return {
    async obtain(signal) {
      signal.throwIfAborted();
      if (kept !== undefined && monotonic() < kept.until) return kept.token;
      pending ??= requestShared();
      const obtained = await untilAborted(pending, signal);
      if (!obtained.singleUse) return obtained.token;
      // Of the callers that waited for it, one gets it; each of the others requests its own.
      if (obtained.taken === true) return (await untilAborted(request(), signal)).token;
      obtained.taken = true;
      return obtained.token;
    },
    drop(token) {
      if (kept?.token === token) kept = undefined;
    },
  };
}

interface Pace extends Required<Pick<SourceOptions, 'backoff' | 'monotonic' | 'random'>> {
  stopping: AbortSignal;
}

/**
 * After a failure no request is made until its back-off is over, however many callers come: they get the same problem. Requests that
 * failed side by side count once.
 */
function pacedRequest({ backoff, monotonic, random, stopping }: Pace, request: Request): Request {
  let failures = 0;
  let notBefore = -Infinity;
  let problem = '';
  return async function paced() {
    const startedAt = monotonic();
    if (startedAt < notBefore) throw new ServiceError('unavailable', problem);
    try {
      const obtained = await request();
      failures = 0;
      return obtained;
    } catch (error) {
      stopping.throwIfAborted();
      problem = messageOf(error);
      if (startedAt >= notBefore) {
        failures += 1;
        notBefore = monotonic() + backOffMillis(backoff, failures, random);
      }
      throw error;
    }
  };
}
