import { resources } from '../registry/resources.ts';
import type { ResourceDefinition } from '../registry/resources.ts';

export interface ResourceRoute {
  definition: ResourceDefinition;
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
}

/** Which resource a path is about; undefined if this cluster serves nothing there. */
export function resourceRoute(pathname: string): ResourceRoute | undefined {
  const parts = decodedParts(pathname);
  if (!parts || parts.some((part) => part === '')) return undefined;
  const [root, ...rest] = parts;
  const group = root === 'apis' ? (rest.shift() ?? '') : '';
  if (root !== 'api' && root !== 'apis') return undefined;
  const version = rest.shift();
  const inNamespace = rest[0] === 'namespaces' && rest.length > 2 && !isNamespaceSubresource(group, rest);
  const namespace = inNamespace ? rest[1] : undefined;
  const [plural, name, subresource, ...more] = inNamespace ? rest.slice(2) : rest;
  const definition = resources.find(
    (each) => each.group === group && each.version === version && each.plural === plural,
  );
  if (!definition || more.length > 0 || definition.namespaced < inNamespace) return undefined;
  if (definition.namespaced && !inNamespace && name !== undefined) return undefined;
  if (subresource !== undefined && !definition.subresources.some((each) => each === subresource))
    return undefined;
  return { definition, namespace, name, subresource };
}

function isNamespaceSubresource(group: string, rest: string[]): boolean {
  return group === '' && rest.length === 3 && rest[2] === 'status';
}

function decodedParts(pathname: string): string[] | undefined {
  try {
    return pathname.slice(1).split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
