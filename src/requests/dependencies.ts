import type { Cluster } from '../kubernetes/cluster.ts';
import type { ObjectStore } from '../storage/object-store.ts';

/** What the request half is given by the composition root. */
export interface RequestDependencies {
  cluster: Cluster;
  store: ObjectStore;
  now: () => Date;
}
