import { StatusError } from './status-error.ts';

/** One kind the cluster serves. Everything that differs between kinds in a regular way is data here. */
export interface ResourceDefinition {
  group: string;
  version: string;
  plural: string;
  singular: string;
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

const usual = {
  group: '',
  version: 'v1',
  shortNames: [],
  namespaced: true,
  nameFormat: 'subdomain',
  generation: false,
  subresources: [],
  createOnUpdate: false,
  versionedUpdate: false,
} satisfies Partial<ResourceDefinition>;

const access = { group: 'rbac.authorization.k8s.io' };

export const resources: readonly ResourceDefinition[] = [
  { ...usual, plural: 'configmaps', singular: 'configmap', kind: 'ConfigMap', shortNames: ['cm'] },
  { ...usual, plural: 'events', singular: 'event', kind: 'Event', shortNames: ['ev'], createOnUpdate: true },
  {
    ...usual,
    plural: 'namespaces',
    singular: 'namespace',
    kind: 'Namespace',
    shortNames: ['ns'],
    namespaced: false,
    nameFormat: 'label',
    subresources: ['status'],
  },
  {
    ...usual,
    plural: 'nodes',
    singular: 'node',
    kind: 'Node',
    shortNames: ['no'],
    namespaced: false,
    subresources: ['status'],
  },
  {
    ...usual,
    plural: 'pods',
    singular: 'pod',
    kind: 'Pod',
    shortNames: ['po'],
    generation: true,
    subresources: ['status', 'log', 'eviction'],
  },
  {
    ...usual,
    plural: 'resourcequotas',
    singular: 'resourcequota',
    kind: 'ResourceQuota',
    shortNames: ['quota'],
    subresources: ['status'],
  },
  { ...usual, plural: 'secrets', singular: 'secret', kind: 'Secret' },
  {
    ...usual,
    plural: 'serviceaccounts',
    singular: 'serviceaccount',
    kind: 'ServiceAccount',
    shortNames: ['sa'],
    subresources: ['token'],
  },
  {
    ...usual,
    group: 'batch',
    plural: 'jobs',
    singular: 'job',
    kind: 'Job',
    generation: true,
    subresources: ['status'],
  },
  {
    ...usual,
    group: 'coordination.k8s.io',
    plural: 'leases',
    singular: 'lease',
    kind: 'Lease',
    createOnUpdate: true,
    versionedUpdate: true,
  },
  { ...usual, ...access, plural: 'roles', singular: 'role', kind: 'Role' },
  { ...usual, ...access, plural: 'rolebindings', singular: 'rolebinding', kind: 'RoleBinding' },
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
