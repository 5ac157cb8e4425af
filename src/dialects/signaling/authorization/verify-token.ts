import { decodeJwt, type JWTPayload } from 'jose';
import { readBearer } from '../../../bearer-header.ts';
import { checkClaims, type TokenRules } from './check-claims.ts';
import type { ControlPlane } from './control-plane.ts';
import type { KeySetOptions } from './key-set.ts';
import { createReplayMemory } from './replay-memory.ts';
import { isKeyless, type Authorization } from './schemas.ts';
import { unauthorized } from './unauthorized.ts';
import { createSignatureVerifier } from './verify-signature.ts';

export interface IncomingCall {
  /** The header `Authorization`. */
  header: string | undefined;
  /** The control planes of the connector in the path. */
  known: readonly ControlPlane[];
  rules: TokenRules;
}

export interface TokenVerifier {
  /**
   * The control plane that has sent the request. Throws `unauthorized` that says what was expected, and `unavailable` if its keys cannot be
   * loaded.
   */
  identify(call: IncomingCall, signal: AbortSignal): Promise<ControlPlane>;
}

export interface VerifierOptions extends KeySetOptions {
  now: () => Date;
}

/** One for all connectors: its memory of keys and of used tokens is shared by their requests. */
export function createTokenVerifier(options: VerifierOptions): TokenVerifier {
  const verifySignature = createSignatureVerifier(options);
  const used = createReplayMemory();
  function checkFirstUse({ jti, exp = 0 }: JWTPayload, { id }: ControlPlane, rules: TokenRules): void {
    if (jti === undefined || rules.replays === 'accept') return;
    const now = options.now().getTime() / 1000;
    if (used.isFirst(JSON.stringify([id, jti]), exp + rules.clockSkewSeconds, now)) return;
    throw unauthorized('jti', 'that of a token that was not used before');
  }
  return {
    async identify({ header, known, rules }, signal) {
      const token = readBearer(header);
      const claims = token === undefined ? undefined : readClaims(token);
      const named = claims === undefined ? undefined : findNamed(known, claims);
      if (token === undefined || claims === undefined || named === undefined) return findOpen(known, claims);
      const { authorization, controlPlane } = named;
      if (!isKeyless(authorization)) await verifySignature(token, authorization, signal);
      else if (rules.keyless === 'refuse')
        throw unauthorized('signature', 'a registration with jwks or jwksUri');
      checkClaims(claims, { authorization, rules, now: options.now().getTime() });
      checkFirstUse(claims, controlPlane, rules);
      return controlPlane;
    },
  };
}

/** Not verified yet: they say whose keys to verify the token by. */
function readClaims(token: string): JWTPayload | undefined {
  try {
    return decodeJwt(token);
  } catch {
    return undefined;
  }
}

interface Named {
  controlPlane: ControlPlane;
  authorization: Authorization;
}

function findNamed(known: readonly ControlPlane[], claims: JWTPayload): Named | undefined {
  for (const controlPlane of known) {
    const { id, authorization } = controlPlane;
    if (authorization !== undefined && idsIn(claims, authorization).includes(id))
      return { controlPlane, authorization };
  }
  return undefined;
}

/** With token exchange `sub` is the URI of a principal; EDC names the caller in `client_id`. */
function idsIn({ sub, client_id: client }: JWTPayload, { type }: Authorization): unknown[] {
  return type === 'oauth2_token_exchange' ? [client, sub] : [sub];
}

/** A control plane without an authorization needs the token in the path alone, and its header is ignored. */
function findOpen(known: readonly ControlPlane[], claims: JWTPayload | undefined): ControlPlane {
  const [open, ...others] = known.filter(({ authorization }) => authorization === undefined);
  if (open !== undefined && others.length === 0) return open;
  if (claims === undefined) throw unauthorized('the header', 'Bearer and a JSON Web Token');
  throw unauthorized('sub', 'the id of a registered control plane, its controlplaneId');
}
