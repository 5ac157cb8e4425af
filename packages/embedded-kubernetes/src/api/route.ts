import { type ResourceDefinition, resources } from '../registry/resources.ts';

export interface ResourceRoute {
  definition: ResourceDefinition;
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
}

/** Which resource a path is about; undefined if this cluster serves nothing there. */
export function resourceRoute(pathname: string): ResourceRoute | undefined {
  const parts = decodedParts(pathname);
  const path = parts && groupVersionOf(parts);
  if (!path) return undefined;
  const { namespace, rest } = scopeOf(path.rest);
  const [plural, name, subresource, ...more] = rest;
  const definition = resources.find(
    ({ group, version, plural: own }) => group === path.group && version === path.version && own === plural,
  );
  if (!definition || more.length > 0) return undefined;
  const route = { definition, namespace, name, subresource };
  return isServed(route) ? route : undefined;
}

/** `api/v1/…` or `apis/<group>/<version>/…`. */
function groupVersionOf(parts: string[]): { group: string; version: string; rest: string[] } | undefined {
  if (parts.includes('')) return undefined;
  const [root, first = '', second = '', ...rest] = parts;
  if (root === 'api') return { group: '', version: first, rest: parts.slice(2) };
  return root === 'apis' ? { group: first, version: second, rest } : undefined;
}

/** `namespaces/<name>/<plural>…` is inside a namespace; `namespaces/<name>/status` is the namespace itself. */
function scopeOf(rest: string[]): { namespace: string | undefined; rest: string[] } {
  const isInside =
    rest[0] === 'namespaces' && rest.length > 2 && !(rest.length === 3 && rest[2] === 'status');
  return isInside ? { namespace: rest[1], rest: rest.slice(2) } : { namespace: undefined, rest };
}

function isServed({ definition, namespace, name, subresource }: ResourceRoute): boolean {
  if (namespace !== undefined && !definition.namespaced) return false;
  if (namespace === undefined && definition.namespaced && name !== undefined) return false;
  return subresource === undefined || definition.subresources.some((each) => each === subresource);
}

function decodedParts(pathname: string): string[] | undefined {
  try {
    return pathname.slice(1).split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
