import { readFile } from 'node:fs/promises';
import { messageOf, ServiceError } from '../../../errors.ts';
import { clientCredentials, type Grant } from '../../request-token.ts';
import type { Authorization } from './schemas.ts';

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
