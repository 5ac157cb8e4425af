import { problem } from './api-answer.ts';
import type { ApiAnswer, ApiRequest } from './api-answer.ts';
import { answerDeprovisioned, answerProvisioned } from './callback-endpoint.ts';
import { answerDataFlow } from './data-flow-endpoint.ts';
import type { EndpointKind } from './faults.ts';
import { managementRoute } from './management-route.ts';
import type { SimulatorContext } from './simulator-context.ts';
import { terminateByProvider } from './terminate.ts';

/** The endpoint for a request, not yet run. */
export interface Route {
  readonly endpoint: EndpointKind;
  readonly transferProcessId: string;
  readonly methods: readonly string[];
  /** Expected in `x-api-key`; undefined: none. */
  readonly key: string | undefined;
  readonly handle: (request: ApiRequest) => ApiAnswer;
}

const callbackPath = /^\/management\/callback\/([^/]+)\/(provision|deprovision)$/;
const dataFlowPath = /^\/provisioning\/([^/]+)\/([^/]+)\/(provision|deprovision)$/;

/** Finds the endpoint for a path; undefined is a 404 of the web server. */
export function findRoute(context: SimulatorContext, path: string): Route | undefined {
  const { store, settings } = context;
  const managed = {
    store,
    settings,
    vault: settings.vault,
    terminate: terminateByProvider.bind(undefined, context),
  };
  return callbackRoute(context, path) ?? managementRoute(managed, path);
}

function callbackRoute(context: SimulatorContext, path: string): Route | undefined {
  const { settings, profile } = context;
  const key = profile.dataPlane === undefined ? settings.managementKey : settings.callbackKey;
  const common = { endpoint: 'callback', methods: ['POST'], key } as const;
  const [, callbackId, action] = callbackPath.exec(path) ?? [];
  if (callbackId !== undefined) {
    const id = decodeURIComponent(callbackId);
    const answer = action === 'provision' ? answerProvisioned : answerDeprovisioned;
    return { ...common, transferProcessId: id, handle: (request) => answer(context, id, request) };
  }
  const [, flowId, resourceId = '', act = ''] = dataFlowPath.exec(path) ?? [];
  if (flowId === undefined) return undefined;
  const id = decodeURIComponent(flowId);
  const answer = answerDataFlow(decodeURIComponent(resourceId), act);
  return { ...common, transferProcessId: id, handle: (request) => answer(context, id, request) };
}

/** Runs a route as the connector's web server does: key first, then method and media type, then the endpoint. */
export function runRoute(
  route: Route,
  { request, key }: { request: ApiRequest; key: string | undefined },
): ApiAnswer {
  if (route.key !== undefined && key?.toLowerCase() !== route.key.toLowerCase()) {
    return problem(401, 'AuthenticationFailed', 'Request could not be authenticated');
  }
  const { method, contentType = '' } = request;
  if (!route.methods.includes(method)) return { status: 405 };
  const hasBody = method === 'POST' || method === 'PUT';
  if (hasBody && !/^application\/json\s*(;|$)/i.test(contentType)) return { status: 415 };
  return route.handle(request);
}
