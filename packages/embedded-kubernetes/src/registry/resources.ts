import { StatusError } from '../objects/status-error.ts';

/** One kind the cluster serves. Everything that differs between kinds in a regular way is data here. */
export interface ResourceDefinition {
  group: string;
  version: string;
  plural: string;
  kind: string;
  shortNames: string[];
  namespaced: boolean;
  /** Names of objects are labels (63) or subdomains (253). */
  nameFormat: 'label' | 'subdomain';
  /** `spec` changes bump `metadata.generation`. */
  generation: boolean;
  subresources: ('status' | 'log' | 'eviction' | 'token')[];
  /** A PUT of an absent object creates it. */
  createOnUpdate: boolean;
  /** A PUT has to carry a resourceVersion. */
  versionedUpdate: boolean;
}

function kind(name: string, more: Partial<ResourceDefinition> = {}): ResourceDefinition {
  return {
    group: '',
    version: 'v1',
    plural: `${name.toLowerCase()}s`,
    kind: name,
    shortNames: [],
    namespaced: true,
    nameFormat: 'subdomain',
    generation: false,
    subresources: [],
    createOnUpdate: false,
    versionedUpdate: false,
    ...more,
  };
}

const access = { group: 'rbac.authorization.k8s.io' };

export const resources: readonly ResourceDefinition[] = [
  kind('ConfigMap', { shortNames: ['cm'] }),
  kind('Event', { shortNames: ['ev'], createOnUpdate: true }),
  kind('Namespace', { shortNames: ['ns'], namespaced: false, nameFormat: 'label', subresources: ['status'] }),
  kind('Node', { shortNames: ['no'], namespaced: false, subresources: ['status'] }),
  kind('Pod', { shortNames: ['po'], generation: true, subresources: ['status', 'log', 'eviction'] }),
  kind('ResourceQuota', { shortNames: ['quota'], subresources: ['status'] }),
  kind('Secret'),
  kind('ServiceAccount', { shortNames: ['sa'], subresources: ['token'] }),
  kind('Job', { group: 'batch', generation: true, subresources: ['status'] }),
  kind('Lease', { group: 'coordination.k8s.io', createOnUpdate: true, versionedUpdate: true }),
  kind('Role', access),
  kind('RoleBinding', access),
];

const byPlural = new Map(resources.map((resource) => [resource.plural, resource]));

/** The definition of a plural name; an unknown one is the 404 of a real server. */
export function resourceDefinition(plural: string): ResourceDefinition {
  const found = byPlural.get(plural);
  if (found) return found;
  throw new StatusError({
    code: 404,
    reason: 'NotFound',
    message: `the server could not find the requested resource: ${plural}`,
  });
}

/** The definition an owner reference points at, if this cluster serves it. */
export function definitionOfKind(apiVersion: string, kind: string): ResourceDefinition | undefined {
  return resources.find((resource) => resource.kind === kind && apiVersionOf(resource) === apiVersion);
}

export function apiVersionOf(resource: ResourceDefinition): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}
