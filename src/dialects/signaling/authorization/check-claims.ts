import type { JWTPayload } from 'jose';
import type { Authorization } from './schemas.ts';
import { unauthorized } from './unauthorized.ts';

/** The rules of one connector for the tokens of its control planes. */
export interface TokenRules {
  /** The id of this data plane at the connector. */
  dataplaneId: string;
  /** `ignored`: `aud` may name anything. EDC takes it from its own settings. */
  audience: 'checked' | 'ignored';
  clockSkewSeconds: number;
  /** `accept`: tokens of registrations without keys are not verified, as the specification says; for development. */
  keyless: 'refuse' | 'accept';
  /** `refuse`: a token with a `jti` is valid once. EDC repeats a request with the same token if its connection breaks. */
  replays: 'refuse' | 'accept';
  /** A scope that tokens by token exchange must have. */
  scope?: string | undefined;
}

/** Throws `unauthorized` for the first claim that the profile does not allow. `now` is in milliseconds. */
export function checkClaims(
  claims: JWTPayload,
  { authorization, rules, now }: { authorization: Authorization; rules: TokenRules; now: number },
): void {
  checkTimes(claims, rules.clockSkewSeconds, now / 1000);
  if (rules.audience === 'checked' && ![claims.aud].flat().includes(rules.dataplaneId))
    throw unauthorized('aud', 'the id of this data plane, its dataplaneId');
  if (typeof claims.iss !== 'string' || claims.iss === '')
    throw unauthorized('iss', 'the issuer of the token');
  if (authorization.type === 'oauth2_token_exchange')
    checkExchanged(claims, authorization.issuer, rules.scope);
}

/** The clocks of both sides may differ, in either direction. */
export function checkTimes({ exp, iat, nbf }: JWTPayload, skew: number, now: number): void {
  const within = `(with ${skew} s for the difference of clocks)`;
  if (!isTime(exp) || exp + skew <= now) throw unauthorized('exp', `a time that has not passed ${within}`);
  if (!isTime(iat) || iat - skew > now) throw unauthorized('iat', `a time in the past ${within}`);
  if (nbf !== undefined && (!isTime(nbf) || nbf - skew > now))
    throw unauthorized('nbf', `no such claim, or a time in the past ${within}`);
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/**
 * `act` is not read, since it must not decide. Nor is `participant_context`: a connector stands for one participant here, and EDC does not
 * check it either.
 */
function checkExchanged({ iss, scope }: JWTPayload, issuer: string, needed: string | undefined): void {
  if (iss !== issuer) throw unauthorized('iss', 'the issuer of the registration');
  const scopes = typeof scope === 'string' ? scope.split(' ').filter((one) => one !== '') : [];
  if (scopes.length === 0) throw unauthorized('scope', 'at least one scope');
  if (needed !== undefined && !scopes.includes(needed))
    throw unauthorized('scope', `one that includes ${needed}`);
}
