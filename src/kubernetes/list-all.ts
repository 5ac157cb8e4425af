import type { ResourceClient } from './resource-client.ts';
import type { KubernetesObject } from './types.ts';

const pageSize = 200;

/** Everything that a selector selects, one page in memory at a time. */
export async function* listAll<T extends KubernetesObject>(
  client: ResourceClient<T>,
  labelSelector: string,
  signal: AbortSignal,
): AsyncGenerator<T> {
  let next: string | undefined;
  do {
    const from = next === undefined ? {} : { continue: next };
    const page = await client.list({ labelSelector, limit: pageSize, ...from }, signal);
    yield* page.items;
    next = page.continue;
  } while (next !== undefined);
}
