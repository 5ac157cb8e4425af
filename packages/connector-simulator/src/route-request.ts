import { problem } from './api-answer.ts';
import type { ApiAnswer, ApiRequest } from './api-answer.ts';
import { answerDeprovisioned, answerProvisioned } from './callback-endpoint.ts';
import { answerDataFlow } from './data-flow-endpoint.ts';
import type { EndpointKind } from './faults.ts';
import { answerProcess, answerState, answerTerminate } from './management-endpoint.ts';
import { answerQuery } from './query-endpoint.ts';
import type { SimulatorContext } from './simulator-context.ts';

/** The endpoint for a request, not yet run. */
export interface Route {
  readonly endpoint: EndpointKind;
  readonly transferProcessId: string;
  readonly method: 'GET' | 'POST';
  readonly handle: (context: SimulatorContext, id: string, request: ApiRequest) => ApiAnswer;
}

const callbackPath = /^\/management\/callback\/([^/]+)\/(provision|deprovision)$/;
const dataFlowPath = /^\/provisioning\/([^/]+)\/([^/]+)\/(provision|deprovision)$/;
const managementPath = /^\/management\/(v\w+)\/transferprocesses\/([^/]+)(\/state|\/terminate)?$/;

/** Finds the endpoint for a path; undefined is a 404 of the web server. */
export function findRoute(path: string, managementVersions: readonly string[]): Route | undefined {
  const callback = callbackRoute(path);
  if (callback !== undefined) return callback;
  const [, version = '', managementId, verb] = managementPath.exec(path) ?? [];
  if (managementId === undefined || !managementVersions.includes(version)) return undefined;
  return managementRoute(managementId, verb);
}

function callbackRoute(path: string): Route | undefined {
  const common = { endpoint: 'callback', method: 'POST' } as const;
  const [, callbackId, action] = callbackPath.exec(path) ?? [];
  if (callbackId !== undefined) {
    const handle = action === 'provision' ? answerProvisioned : answerDeprovisioned;
    return { ...common, transferProcessId: decodeURIComponent(callbackId), handle };
  }
  const [, flowId, resourceId = '', act = ''] = dataFlowPath.exec(path) ?? [];
  if (flowId === undefined) return undefined;
  const handle = answerDataFlow(decodeURIComponent(resourceId), act);
  return { ...common, transferProcessId: decodeURIComponent(flowId), handle };
}

function managementRoute(segment: string, verb: string | undefined): Route {
  const endpoint = 'management';
  if (segment === 'request' && verb === undefined)
    return { endpoint, transferProcessId: '', method: 'POST', handle: answerQuery };
  const transferProcessId = decodeURIComponent(segment);
  if (verb === '/terminate') return { endpoint, transferProcessId, method: 'POST', handle: answerTerminate };
  const handle = verb === '/state' ? answerState : answerProcess;
  return { endpoint, transferProcessId, method: 'GET', handle };
}

/** Runs a route as the connector's web server does: key first, then method and media type, then the endpoint. */
export function runRoute(
  context: SimulatorContext,
  route: Route,
  { request, key }: { request: ApiRequest; key: string | undefined },
): ApiAnswer {
  const { settings, profile } = context;
  const isOfDataPlane = profile.dataPlane !== undefined && route.endpoint === 'callback';
  const expected = isOfDataPlane ? settings.callbackKey : settings.managementKey;
  if (expected !== undefined && key?.toLowerCase() !== expected.toLowerCase()) {
    return problem(401, 'AuthenticationFailed', 'Request could not be authenticated');
  }
  if (request.method !== route.method) return { status: 405 };
  if (route.method === 'POST' && !/^application\/json\s*(;|$)/i.test(request.contentType ?? '')) {
    return { status: 415 };
  }
  return route.handle(context, route.transferProcessId, request);
}
