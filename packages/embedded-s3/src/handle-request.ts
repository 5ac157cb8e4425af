import { assumeRole } from './access/assume-role.ts';
import { authenticate, mayDo } from './access/authenticate.ts';
import type { Answer } from './http/answer.ts';
import { headerOf, isStsRequest, type StoreRequest } from './http/request.ts';
import { StoreError } from './http/store-error.ts';
import { checkSupportedHeaders } from './http/supported-headers.ts';
import type { StoreState } from './operations/call.ts';
import { findRoute, type Route } from './routes.ts';

/** Answers one request, or throws. Reads and changes nothing before the sender is verified. */
export async function handleRequest(request: StoreRequest, state: StoreState): Promise<Answer> {
  if (isStsRequest(request)) return assumeRole(request, state.keyring);
  const caller = authenticate(request, state.keyring);
  const route = findRoute(request);
  checkSupportedHeaders(request);
  if (route.action !== undefined) {
    const { bucket, key, query } = request;
    const prefix = query.get('prefix') ?? '';
    const demand = { action: route.action, bucket, prefix, ...(key === '' ? {} : { key }) };
    if (!mayDo(caller, demand)) throw new StoreError('AccessDenied');
  }
  checkBody(request, route);
  return route.run({ request, caller, state });
}

function checkBody(request: StoreRequest, route: Route): void {
  if (route.takesBody === true) return;
  const length = headerOf(request, 'content-length');
  if ((length !== '' && length !== '0') || request.headers['transfer-encoding'] !== undefined)
    throw new StoreError('InvalidRequest', 'This request must not have a body.');
}
