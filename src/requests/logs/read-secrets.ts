import { ServiceError } from '../../errors.ts';
import type { SecretReference } from '../../flow/secret-references.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';

/** The values of Secrets. Throws `cluster-not-found` if one is gone: a log may contain it. */
export async function readSecrets(
  { secrets }: Pick<Cluster, 'secrets'>,
  references: readonly SecretReference[],
  signal: AbortSignal,
): Promise<Buffer[]> {
  const values = await Promise.all(
    references.map(async ({ name, optional }) => {
      // Not a get: the Role grants only `list` on Secrets.
      const { items } = await secrets.list({ fieldSelector: `metadata.name=${name}` }, signal);
      if (items.length === 0 && !optional)
        throw new ServiceError('cluster-not-found', `The Secret ${name} is gone.`);
      return items.flatMap(({ data = {} }) => Object.values(data));
    }),
  );
  return values.flat().map((value) => Buffer.from(value, 'base64'));
}
