import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { readBearer } from '../../bearer-header.ts';
import type { HttpConfig } from '../../config/config.ts';
import { apiScopes, localCallerName, type ApiConfig, type ApiScope } from '../../config/settings/api.ts';
import { ServiceError } from '../../errors.ts';
import { unauthenticatedAllowed } from '../unauthenticated-access.ts';
import type { Caller } from './caller.ts';

/** Returns the caller of an operation that needs this scope. Throws `unauthorized` or `forbidden`; no message shows what was presented. */
export type AccessCheck = (request: PresentedRequest, scope: ApiScope) => Caller;

type PresentedRequest = Pick<IncomingMessage, 'headers' | 'socket'>;

interface Parts {
  api: ApiConfig;
  unauthenticated: HttpConfig['unauthenticated'];
}

/** A client that `http.unauthenticated` allows, without a key. */
const localCaller: Caller = {
  name: localCallerName,
  scopes: apiScopes,
  templates: ['*'],
  connectors: ['*'],
  admin: true,
};

export function createAccessCheck({ api, unauthenticated }: Parts): AccessCheck {
  const find = keyFinder(api.keys);
  // With keys, `on` does not open the API: everybody would be an administrator, and no key would mean anything.
  const open = unauthenticated === 'on' && api.keys.length > 0 ? 'off' : unauthenticated;
  return (request, scope) => {
    const caller = isKeyless(request)
      ? findLocal(request, { open, origins: api.cors.origins })
      : find(readKey(request) ?? '');
    if (caller === undefined) throw refuse(api, isKeyless(request));
    if (!caller.scopes.includes(scope))
      throw new ServiceError(
        'forbidden',
        `expected a key with the scope ${scope}, received "${caller.name}" with ${caller.scopes.join(', ')}`,
      );
    return caller;
  };
}

function isKeyless({ headers }: PresentedRequest): boolean {
  return headers.authorization === undefined && headers['x-api-key'] === undefined;
}

/** `Authorization` may belong to a proxy, so that another scheme does not hide `X-Api-Key`. */
function readKey({ headers }: PresentedRequest): string | undefined {
  const { 'x-api-key': own } = headers;
  return readBearer(headers.authorization) ?? (typeof own === 'string' ? own.trim() : undefined);
}

/** Compares with every key, in a time that does not depend on which one is presented. */
function keyFinder(keys: ApiConfig['keys']): (key: string) => Caller | undefined {
  const known = keys.map(({ sha256, ...key }) => ({
    digest: Buffer.from(sha256, 'hex'),
    caller: { ...key, admin: key.scopes.includes('admin') },
  }));
  return (key) => {
    const presented = hash('sha256', key, 'buffer');
    const [found] = known.filter(({ digest }) => timingSafeEqual(digest, presented));
    return found?.caller;
  };
}

/** Nobody without a key that is required. A browser on this machine sends the requests of any web page: those of others are not local. */
function findLocal(
  request: PresentedRequest,
  { open, origins }: { open: HttpConfig['unauthenticated']; origins: readonly string[] },
): Caller | undefined {
  const { origin, host } = request.headers;
  const isOwnPage = origin === undefined || URL.parse(origin)?.host === host || origins.includes(origin);
  return isOwnPage && unauthenticatedAllowed(request, open) ? localCaller : undefined;
}

function refuse({ keys }: ApiConfig, keyless: boolean): ServiceError {
  const expected = 'expected a key of this service as `Authorization: Bearer` or `X-Api-Key`';
  const configure =
    keys.length > 0 ? '' : '; none is configured (api.keys, `edc-job-provisioner api-key NAME` makes one)';
  const received = keyless ? 'none' : 'another one';
  return new ServiceError('unauthorized', `${expected}, received ${received}${configure}`, {
    field: 'Authorization',
  });
}
