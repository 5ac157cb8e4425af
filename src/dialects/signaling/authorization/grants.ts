import { readFile } from 'node:fs/promises';
import { messageOf, ServiceError } from '../../../errors.ts';
import type { Authorization } from './schemas.ts';

/** A request for a token. */
export interface Grant {
  endpoint: string;
  /** Built for each request, since its secrets may change. */
  form(): Promise<Record<string, string>>;
}

/** Settings of this data plane for a token exchange. */
export interface ExchangeRules {
  /** Path of the workload's token, which the kubelet (a projected service account token) or a SPIFFE agent writes. */
  workloadTokenFile?: string | undefined;
  /** URI of the principal for which the token is requested. */
  resource?: string | undefined;
  scope?: string | undefined;
}

/** How to request a token for calls of the side that has registered this authorization; `audience` is its id. */
export function grantFor(authorization: Authorization, audience: string, rules: ExchangeRules): Grant {
  if (authorization.type === 'oauth2_client_credentials') return clientCredentials(authorization);
  return {
    endpoint: authorization.tokenExchangeEndpoint,
    form: () => tokenExchange(audience, rules),
  };
}

export interface Client {
  tokenEndpoint: string;
  clientId: string;
  clientSecret: string;
  scope?: string | undefined;
}

/** RFC 6749, section 4.4. */
export function clientCredentials({ tokenEndpoint, clientId, clientSecret, scope }: Client): Grant {
  const form = {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    ...(scope === undefined ? {} : { scope }),
  };
  return { endpoint: tokenEndpoint, form: () => Promise.resolve(form) };
}

/** RFC 8693, section 2.1; the token of the workload is the credential, so that there is no client. */
async function tokenExchange(
  audience: string,
  { workloadTokenFile, resource, scope }: ExchangeRules,
): Promise<Record<string, string>> {
  return {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: await readWorkloadToken(workloadTokenFile),
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    audience,
    ...(resource === undefined ? {} : { resource }),
    ...(scope === undefined ? {} : { scope }),
  };
}

/** Read for each exchange: it is rewritten before it expires. */
async function readWorkloadToken(path: string | undefined): Promise<string> {
  if (path === undefined)
    throw new ServiceError(
      'unavailable',
      'authorization.workloadTokenFile: expected a path, received nothing',
    );
  try {
    const token = (await readFile(path, 'utf8')).trim();
    if (token !== '') return token;
  } catch (cause) {
    throw new ServiceError('unavailable', `the workload token cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
  throw new ServiceError('unavailable', `the workload token cannot be read: ${path} is empty`);
}
