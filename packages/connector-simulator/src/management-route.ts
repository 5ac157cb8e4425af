import {
  answerProcess,
  answerState,
  answerTerminate,
  type Managed,
  type ManagedTransfer,
} from './management-endpoint.ts';
import { answerQuery } from './query-endpoint.ts';
import type { Route } from './route-request.ts';

const managementPath = /^\/management\/(v\w+)\/transferprocesses\/([^/]+)(\/state|\/terminate)?$/;

/** The endpoint of the management API for a path; undefined if it is none of its paths or of its versions. */
export function managementRoute<Transfer extends ManagedTransfer>(
  managed: Managed<Transfer>,
  path: string,
): Route | undefined {
  const [, version = '', segment, verb] = managementPath.exec(path) ?? [];
  const { managementKey: key, managementVersions } = managed.settings;
  if (segment === undefined || !managementVersions.includes(version)) return undefined;
  const endpoint = 'management';
  const list = managed.store.all.bind(managed.store);
  if (segment === 'request' && verb === undefined)
    return {
      endpoint,
      transferProcessId: '',
      methods: ['POST'],
      key,
      handle: (request) => answerQuery(list(), request),
    };
  const id = decodeURIComponent(segment);
  const common = { endpoint, transferProcessId: id, key } as const;
  if (verb === '/terminate')
    return { ...common, methods: ['POST'], handle: (request) => answerTerminate(managed, id, request) };
  const answer = verb === '/state' ? answerState : answerProcess;
  return { ...common, methods: ['GET'], handle: () => answer(managed.store.get(id), id) };
}
