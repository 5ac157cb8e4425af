import { waitUntil } from './wait-until.ts';
import { kubectl } from './kubectl.ts';

interface CustomKind {
  group: string;
  version: string;
  kind: string;
  clusterWide?: boolean;
}

/** The kinds of `deploy/` that other projects define. */
const customKinds: readonly CustomKind[] = [
  { group: 'bitnami.com', version: 'v1alpha1', kind: 'SealedSecret' },
  { group: 'external-secrets.io', version: 'v1', kind: 'ExternalSecret' },
  { group: 'external-secrets.io', version: 'v1', kind: 'SecretStore' },
  { group: 'monitoring.coreos.com', version: 'v1', kind: 'PodMonitor' },
  { group: 'monitoring.coreos.com', version: 'v1', kind: 'PrometheusRule' },
  { group: 'monitoring.coreos.com', version: 'v1', kind: 'ServiceMonitor' },
];

/**
 * Lets the API server accept the kinds of other projects. The definitions are our own and have no schema: a dry run shows that group,
 * version, kind and namespace are right, and nothing of the members.
 */
export async function defineCustomKinds(): Promise<void> {
  await kubectl(['apply', '-f', '-'], definitions());
  for (const kind of customKinds) {
    const get = ['get', '--ignore-not-found', `${pluralOf(kind)}.${kind.version}.${kind.group}`];
    await waitUntil(`the kind ${kind.kind} is served`, async () => (await kubectl(get)).stdout === '');
  }
}

export async function removeCustomKinds(): Promise<void> {
  await kubectl(['delete', '--wait=false', '--ignore-not-found', '-f', '-'], definitions());
}

function definitions(): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: customKinds.map(definitionOf) });
}

function definitionOf(custom: CustomKind): object {
  const { group, version, kind, clusterWide = false } = custom;
  const plural = pluralOf(custom);
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: clusterWide ? 'Cluster' : 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  };
}

function pluralOf({ kind }: CustomKind): string {
  return `${kind.toLowerCase()}s`;
}
