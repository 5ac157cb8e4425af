import { apiVersionOf, type ResourceDefinition, resources } from '../registry/resources.ts';
import { groupVersionPath, groupVersions } from './discovery.ts';

/**
 * The little of OpenAPI 3 that kubectl reads before it writes: which kinds can be patched, and that the server itself
 * validates members (`fieldValidation`) and knows `dryRun`. There are no schemas: `kubectl explain` has nothing to show.
 */
export function openApiDocument(pathname: string): unknown {
  if (pathname === '/openapi/v3') {
    const entries = groupVersions.map((groupVersion) => {
      const path = groupVersionPath(groupVersion);
      return [path.slice(1), { serverRelativeURL: `/openapi/v3${path}` }];
    });
    return { paths: Object.fromEntries(entries) as unknown };
  }
  const groupVersion = groupVersions.find((each) => pathname === `/openapi/v3${groupVersionPath(each)}`);
  if (groupVersion === undefined) return undefined;
  const served = resources.filter((resource) => apiVersionOf(resource) === groupVersion);
  return {
    openapi: '3.0.0',
    info: { title: 'Embedded cluster', version: 'v1.34.0' },
    paths: Object.fromEntries(served.map((resource) => [objectPath(resource), operations(resource)])),
    components: { schemas: {} },
  };
}

function objectPath(resource: ResourceDefinition): string {
  const scope = resource.namespaced ? '/namespaces/{namespace}' : '';
  return `${groupVersionPath(apiVersionOf(resource))}${scope}/${resource.plural}/{name}`;
}

function operations(resource: ResourceDefinition) {
  const { group, version, kind } = resource;
  const operation = {
    'x-kubernetes-group-version-kind': { group, version, kind },
    parameters: ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => ({
      name,
      in: 'query',
      schema: { type: 'string', uniqueItems: true },
    })),
    responses: {},
  };
  return {
    put: { ...operation, 'x-kubernetes-action': 'put' },
    patch: { ...operation, 'x-kubernetes-action': 'patch' },
  };
}
