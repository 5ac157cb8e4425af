import { apiVersionOf, type ResourceDefinition, resources } from '../registry/resources.ts';

const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];
const subresources: Record<string, { verbs: string[]; group?: string; version?: string; kind?: string }> = {
  status: { verbs: ['get', 'patch', 'update'] },
  log: { verbs: ['get'] },
  token: { verbs: ['create'], group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
  eviction: { verbs: ['create'], group: 'policy', version: 'v1', kind: 'Eviction' },
};

const versionInfo = {
  major: '1',
  minor: '34',
  gitVersion: 'v1.34.0+embedded',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: 'none',
  platform: `${process.platform}/${process.arch}`,
};

/** What clients read to learn which kinds there are; undefined if the path is no discovery document. */
export function discoveryDocument(pathname: string, serverAddress: string): unknown {
  if (pathname === '/api') {
    return {
      kind: 'APIVersions',
      versions: ['v1'],
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
    };
  }
  if (pathname === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(groupEntry) };
  if (pathname === '/version') return versionInfo;
  for (const group of groups) {
    if (pathname === `/apis/${group}`) return { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group) };
  }
  for (const groupVersion of groupVersions) {
    if (pathname === groupVersionPath(groupVersion)) return resourceList(groupVersion);
  }
  return undefined;
}

export const groupVersions = [...new Set(resources.map(apiVersionOf))];
const groups = [...new Set(resources.map((resource) => resource.group))].filter((group) => group !== '');

/** `/api/v1` or `/apis/batch/v1`. */
export function groupVersionPath(groupVersion: string): string {
  return groupVersion.includes('/') ? `/apis/${groupVersion}` : `/api/${groupVersion}`;
}

function groupEntry(name: string) {
  const version = { groupVersion: `${name}/v1`, version: 'v1' };
  return { name, versions: [version], preferredVersion: version };
}

function resourceList(groupVersion: string) {
  const served = resources.filter((resource) => apiVersionOf(resource) === groupVersion);
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion,
    resources: served.flatMap(resourceEntries),
  };
}

function resourceEntries(resource: ResourceDefinition) {
  const { plural, namespaced, kind, shortNames } = resource;
  const categories = plural === 'pods' || plural === 'jobs' ? { categories: ['all'] } : {};
  const names = shortNames.length > 0 ? { shortNames } : {};
  const main = {
    name: plural,
    singularName: kind.toLowerCase(),
    namespaced,
    kind,
    verbs,
    ...names,
    ...categories,
  };
  const below = resource.subresources.map((name) => ({
    name: `${plural}/${name}`,
    singularName: '',
    namespaced,
    kind,
    ...subresources[name],
  }));
  return [main, ...below];
}
