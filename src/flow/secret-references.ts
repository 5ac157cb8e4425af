import type { Pod } from '../kubernetes/types.ts';

export interface SecretReference {
  name: string;
  /** The pod starts without it. */
  optional: boolean;
}

type Spec = NonNullable<Pod['spec']>;
type Container = Spec['containers'][number];

/** The Secrets of which the container is given values: in its environment or in volumes that it mounts. */
export function secretReferences({ spec }: Pod, container: string): SecretReference[] {
  const all = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const own = all.find(({ name }) => name === container);
  if (spec === undefined || own === undefined) return [];
  const mounted = new Set(own.volumeMounts?.map(({ name }) => name));
  const found = [...volumeSecrets(spec, mounted), ...environmentSecrets(own)].flatMap(
    ({ name, optional = false }) => (name === undefined ? [] : [{ name, optional }]),
  );
  return [...new Map(found.map((reference) => [reference.name, reference])).values()];
}

type Found = Partial<SecretReference>[];

function volumeSecrets({ volumes = [] }: Spec, mounted: ReadonlySet<string>): Found {
  return volumes
    .filter(({ name }) => mounted.has(name))
    .flatMap(({ secret, projected }) => [
      ...(secret === undefined ? [] : [present({ name: secret.secretName, optional: secret.optional })]),
      ...(projected?.sources ?? []).flatMap((source) =>
        source.secret === undefined ? [] : [present(source.secret)],
      ),
    ]);
}

function environmentSecrets({ env = [], envFrom = [] }: Container): Found {
  return [
    ...env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []),
    ...envFrom.flatMap(({ secretRef }) => secretRef ?? []),
  ].map(present);
}

function present({
  name,
  optional,
}: {
  name?: string | undefined;
  optional?: boolean | undefined;
}): Partial<SecretReference> {
  return { ...(name === undefined ? {} : { name }), ...(optional === undefined ? {} : { optional }) };
}
