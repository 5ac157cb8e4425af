import type { Cluster } from '../kubernetes/cluster.ts';
import type { ResourceClient } from '../kubernetes/resource-client.ts';
import type { KubernetesObject } from '../kubernetes/types.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { ReconcilerDependencies } from './reconciler.ts';
import type { Term } from './term.ts';

/**
 * The same dependencies, of which everything that changes the world outside asks first whether this replica still leads: what it
 * writes to the cluster and to the store, and its words to a connector. Reads pass.
 */
export function fenceWrites(deps: ReconcilerDependencies, term: Pick<Term, 'check'>): ReconcilerDependencies {
  function check(): void {
    term.check();
  }
  return {
    ...deps,
    cluster: fenceCluster(deps.cluster, check),
    store: fenceStore(deps.store, check),
    announce: async (...call) => {
      check();
      return await deps.announce(...call);
    },
  };
}

type Check = () => void;

function fenceCluster(cluster: Cluster, check: Check): Cluster {
  return {
    ...cluster,
    jobs: fenceClient(cluster.jobs, check),
    pods: fenceClient(cluster.pods, check),
    configMaps: fenceClient(cluster.configMaps, check),
    secrets: fenceClient(cluster.secrets, check),
    leases: fenceClient(cluster.leases, check),
    events: fenceClient(cluster.events, check),
  };
}

function fenceClient<T extends KubernetesObject>(client: ResourceClient<T>, check: Check): ResourceClient<T> {
  return fence(client, { reads: ['get', 'list', 'watch'], check });
}

function fenceStore(store: ObjectStore, check: Check): ObjectStore {
  const fenced = fence(store, { reads: ['get', 'head', 'list', 'presignGet', 'check'], check });
  return { ...fenced, remove: (keys, signal) => fenced.remove(checkEach(keys, check), signal) };
}

/** A batch is sent soon after its last key was asked for. */
async function* checkEach(
  keys: AsyncIterable<string> | Iterable<string>,
  check: Check,
): AsyncGenerator<string> {
  for await (const key of keys) {
    check();
    yield key;
  }
  check();
}

type AnyMethod = (...call: unknown[]) => unknown;

/** What is not named as a read is taken for a write, and answers with a promise: a method that is added later is fenced as well. */
function fence<T extends object>(
  client: T,
  { reads, check }: { reads: (keyof T & string)[]; check: Check },
): T {
  const methods = Object.entries(client) as [keyof T & string, AnyMethod][];
  const fenced = methods.map(([name, method]): [string, AnyMethod] => {
    if (reads.includes(name)) return [name, method];
    return [
      name,
      async (...call) => {
        check();
        return await method(...call);
      },
    ];
  });
  return Object.fromEntries(fenced) as T;
}
