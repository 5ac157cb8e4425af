import {
  answerProcess,
  answerState,
  answerTerminate,
  type Managed,
  type ManagedTransfer,
} from './management-endpoint.ts';
import { answerQuery } from './query-endpoint.ts';
import { answerSecrets } from './secrets-endpoint.ts';
import type { Route } from './route-request.ts';

const secretsPath = /^\/management\/(v\w+)\/secrets(?:\/([^/]+))?$/;
const managementPath = /^\/management\/(v\w+)\/transferprocesses\/([^/]+)(\/state|\/terminate)?$/;

/** The endpoint of the management API for a path; undefined if it is none of its paths or of its versions. */
export function managementRoute<Transfer extends ManagedTransfer>(
  managed: Managed<Transfer>,
  path: string,
): Route | undefined {
  const secrets = secretsRoute(managed, path);
  if (secrets !== undefined) return secrets;
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

function secretsRoute<Transfer extends ManagedTransfer>(
  { vault, settings }: Managed<Transfer>,
  path: string,
): Route | undefined {
  const [, version, segment] = secretsPath.exec(path) ?? [];
  if (vault === undefined || version === undefined) return undefined;
  if (!settings.managementVersions.includes(version)) return undefined;
  const id = segment === undefined ? undefined : decodeURIComponent(segment);
  return {
    endpoint: 'management',
    transferProcessId: '',
    methods: ['GET', 'POST', 'PUT', 'DELETE'],
    key: settings.managementKey,
    handle: (request) => answerSecrets(vault, id, request),
  };
}
