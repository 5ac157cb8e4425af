import { hash } from 'node:crypto';
import { backOffMillis, type BackOff } from '../../../back-off.ts';
import { messageOf, ServiceError } from '../../../errors.ts';
import { untilAborted } from '../../../until-aborted.ts';
import { BoundedMap } from './bounded-map.ts';
import type { ControlPlane } from './control-plane.ts';
import { requestToken, type Grant, type ObtainedToken, type RequestOptions } from '../../request-token.ts';
import { grantFor, type ExchangeRules } from './grants.ts';

/** Tokens of one grant. */
export interface TokenSource {
  /**
   * A token that was not used before if it has a `jti`, else one that may serve many calls. Throws `unavailable` with the endpoint's origin;
   * also without a request while the back-off after a failure lasts.
   */
  obtain(signal: AbortSignal): Promise<string>;
  /** Call it when a token was answered with 401: it is not used again. */
  drop(token: string): void;
}

export interface SourceOptions extends RequestOptions {
  /** Aborts when the service stops, and ends a request that is under way. */
  stopping: AbortSignal;
  /** A token is not used so shortly before its end: the call takes time, and clocks differ. Default: 30. */
  skewSeconds?: number;
  backoff?: BackOff;
  /** A clock that never goes back, in milliseconds. */
  monotonic?: () => number;
  random?: () => number;
}

const defaults = {
  skewSeconds: 30,
  backoff: { firstMillis: 1000, maxMillis: 60_000 },
  monotonic: () => performance.now(),
  random: Math.random,
};

type Request = () => Promise<ObtainedToken>;

export function createTokenSource(grant: Grant, options: SourceOptions): TokenSource {
  const { skewSeconds, monotonic, ...pace } = { ...defaults, ...options };
  const request = pacedRequest({ ...pace, monotonic }, () => requestToken(grant, pace, pace.stopping));
  let kept: { token: string; until: number } | undefined;
  let pending: Promise<ObtainedToken & { taken?: true }> | undefined;
  function keep({ token, seconds = 0, singleUse }: ObtainedToken): void {
    if (!singleUse) kept = { token, until: monotonic() + (seconds - skewSeconds) * 1000 };
  }
  async function requestShared(): Promise<ObtainedToken> {
    try {
      const obtained = await request();
      keep(obtained);
      return obtained;
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
    const seconds = Math.ceil((notBefore - startedAt) / 1000);
    if (seconds > 0) throw new ServiceError('unavailable', `${problem} (next request in ${seconds} s)`);
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

/** Tokens for the callbacks to all control planes. */
export interface CallbackTokens {
  /** Undefined for a control plane without an authorization. Throws as `TokenSource.obtain`. */
  obtain(callee: Callee, signal: AbortSignal): Promise<string | undefined>;
  drop(callee: Callee, token: string): void;
}

export interface Callee {
  controlPlane: ControlPlane;
  rules: ExchangeRules;
}

/** More than a service has control planes. */
const sourceLimit = 1000;

/** A registration that changes its secret gets a new source; one that is read again keeps its own. */
export function createCallbackTokens(options: SourceOptions): CallbackTokens {
  const sources = new BoundedMap<TokenSource>(sourceLimit);
  function sourceOf({ controlPlane: { id, authorization }, rules }: Callee): TokenSource | undefined {
    if (authorization === undefined) return undefined;
    const key = hash('sha256', JSON.stringify([id, authorization, rules]));
    return sources.getOrCreate(key, () => createTokenSource(grantFor(authorization, id, rules), options));
  }
  return {
    obtain: async (callee, signal) => await sourceOf(callee)?.obtain(signal),
    drop: (callee, token) => sourceOf(callee)?.drop(token),
  };
}
