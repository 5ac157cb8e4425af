import { assumeRole } from './assume-role.ts';
import { authenticate, mayDo } from './authenticate.ts';
import type { Answer, StoreState } from './call.ts';
import { headerOf, isStsRequest, type StoreRequest } from './request.ts';
import { findRoute, type Route } from './routes.ts';
import { StoreError } from './store-error.ts';
import { checkSupportedHeaders } from './supported-headers.ts';

/** Answers one request, or throws what it is refused with. Nothing is read or done before the sender is verified. */
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
