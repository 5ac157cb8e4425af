import type { FoundFlow, RefreshGrant } from '../../../requests/flow-service.ts';
import type { RouteDeps } from '../../dialect.ts';
import { unauthorized } from '../authorization/unauthorized.ts';
import type { SignalingConnector } from '../settings.ts';
import type { ExpectedClient, VerifyClient } from './client-token.ts';

export interface RenewalDeps extends Pick<
  RouteDeps<SignalingConnector>,
  'connectors' | 'flows' | 'readRefreshToken' | 'wasAccessToken'
> {
  verifyClient: VerifyClient;
}

export interface RenewalRequest {
  flow: string;
  /** The client's own token. */
  client: string | undefined;
  grantType: string | null;
  /** The refresh token. */
  token: string | null;
}

/** In the form of OAuth2 (RFC 6749, sections 5.1 and 5.2). */
export type RenewalAnswer =
  | { status: 200; body: { access_token: string; token_type: 'bearer'; expires_in: number } }
  | { status: 400 | 401 | 503; body: { error: string; error_description: string } };

/**
 * Only a token that this service has made leads to a read of the cluster, and only the DID that the control plane named for this flow to a
 * request. Throws `unauthorized` for a client that cannot be verified, and `unavailable` if its keys cannot be loaded.
 */
export async function renewToken(
  deps: RenewalDeps,
  { flow, client, grantType, token }: RenewalRequest,
  signal: AbortSignal,
): Promise<RenewalAnswer> {
  if (grantType !== 'refresh_token')
    return refused('unsupported_grant_type', 'grant_type: expected refresh_token');
  if (token === null)
    return refused('invalid_request', 'refresh_token: expected the one of the data address');
  const known = await findGrant(deps, { flow, token }, signal);
  if (known === undefined)
    return refused('invalid_grant', 'refresh_token: expected one of this address that has not expired');
  if (client === undefined) throw unauthorized('the header', 'Bearer and a JSON Web Token');
  await deps.verifyClient(client, known.client, signal);
  const ended = whyNot(known.found);
  if (ended !== undefined) return refused('invalid_grant', `refresh_token: ${ended}`);
  const { accessToken, expiresIn } = known.grant.renew();
  return { status: 200, body: { access_token: accessToken, token_type: 'bearer', expires_in: expiresIn } };
}

interface KnownGrant {
  grant: RefreshGrant;
  found: FoundFlow;
  client: ExpectedClient;
}

async function findGrant(
  deps: RenewalDeps,
  { flow, token }: { flow: string; token: string },
  signal: AbortSignal,
): Promise<KnownGrant | undefined> {
  const grant = deps.readRefreshToken({ flow, token });
  const found = grant === undefined ? undefined : await deps.flows.find(flow, signal);
  if (grant === undefined || found === undefined) return undefined;
  const client = expectedClient(deps, { flow, found, grant });
  return client === undefined ? undefined : { grant, found, client };
}

/** Undefined if the flow is none of this dialect, or belongs to another consumer than the token. */
function expectedClient(
  { connectors, wasAccessToken }: RenewalDeps,
  { flow, found, grant }: { flow: string; found: FoundFlow; grant: RefreshGrant },
): ExpectedClient | undefined {
  const { connector: name, dialect, consumer, provider } = found.request;
  const connector = connectors.find((one) => one.name === name && one.dialect === dialect);
  if (connector === undefined || consumer === undefined || provider === undefined) return undefined;
  if (!grant.belongsTo(consumer)) return undefined;
  return {
    did: consumer,
    audience: provider,
    scheme: connector.didWeb,
    wasAccessToken: (token) => wasAccessToken({ flow, token }),
  };
}

function whyNot({ deprovisioned, protocol, outcome }: FoundFlow): string | undefined {
  if (protocol?.access === 'paused') return 'the transfer is suspended';
  if (deprovisioned || protocol?.access !== 'open') return 'the transfer has ended';
  return outcome === undefined || outcome.phase === 'succeeded' ? undefined : 'the transfer has no results';
}

function refused(error: string, description: string): RenewalAnswer {
  return { status: 400, body: { error, error_description: description } };
}
