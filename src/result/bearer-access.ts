import { hash, randomBytes } from 'node:crypto';
import type { ResultsConfig } from '../config/config.ts';
import type { BearerAccess } from '../flow/outcome.ts';
import { signBearerToken, verifyBearerToken } from './bearer-token.ts';
import type { ResultKey } from './result-token.ts';

interface BearerRequest {
  flow: string;
  /** The only one that may renew the access. */
  consumer: string;
  connector: { resultsUrl: string };
  keys: readonly ResultKey[];
  results: Pick<ResultsConfig, 'accessTokenSeconds'>;
  now: Date;
  /** Start and end of the address, in seconds since 1970. */
  since: number;
  until: number;
}

/**
 * The same on every repeat within the life of an access token, counted from the start of the address. A later repeat has a later access
 * token: each one is valid for at least its life, and for less than twice that.
 */
export function bearerAccess(request: BearerRequest): BearerAccess {
  const { flow, consumer, connector, keys, results, since, until } = request;
  const life = results.accessTokenSeconds;
  const now = secondsOf(request.now);
  const period = Math.max(0, Math.floor((now - since) / life));
  const notAfter = Math.min(until, since + (period + 2) * life);
  const base = `${connector.resultsUrl}/results/${flow}`;
  return {
    url: `${base}/content`,
    lastingToken: signBearerToken({ use: 'access', flow, notAfter: until, bound: 'lasting' }, keys),
    renewal: {
      accessToken: signBearerToken({ use: 'access', flow, notAfter, bound: '' }, keys),
      expiresIn: Math.max(0, Math.min(life, notAfter - now)),
      refreshToken: signBearerToken({ use: 'refresh', flow, notAfter: until, bound: digest(consumer) }, keys),
      refreshUrl: `${base}/token`,
    },
  };
}

interface RenewalParts {
  keys: readonly ResultKey[];
  results: Pick<ResultsConfig, 'accessTokenSeconds'>;
  now: () => Date;
}

/** For the endpoint that renews access tokens. */
export function tokenRenewal({ keys, results, now }: RenewalParts) {
  return {
    readRefreshToken({ flow, token }: { flow: string; token: string }) {
      const verdict = verifyBearerToken(token, { use: 'refresh', flow, keys, now: now() });
      if (verdict.state !== 'valid') return undefined;
      return {
        belongsTo: (consumer: string) => verdict.bound === digest(consumer),
        renew() {
          const seconds = secondsOf(now());
          const notAfter = Math.min(verdict.notAfter, seconds + results.accessTokenSeconds);
          const bound = randomBytes(12).toString('base64url');
          const accessToken = signBearerToken({ use: 'access', flow, notAfter, bound }, keys);
          return { accessToken, expiresIn: notAfter - seconds };
        },
      };
    },
    wasAccessToken({ flow, token }: { flow: string; token: string }): boolean {
      return verifyBearerToken(token, { use: 'access', flow, keys, now: now() }).state !== 'wrong';
    },
  };
}

function digest(consumer: string): string {
  return hash('sha256', consumer, 'base64url');
}

function secondsOf(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}
