import type { Config, ReconcilerConfig } from '../config/config.ts';
import type { Cluster } from '../kubernetes/cluster.ts';
import type { ObjectStore } from '../storage/object-store.ts';

/** What becomes part of a pod. */
export type PodSettings = Pick<Config, 'images' | 'pods' | 'store' | 'cluster'>;

/** What the acts of this folder are given by the composition root. */
export interface Provisioner {
  cluster: Cluster;
  store: ObjectStore;
  settings: PodSettings & {
    reconciler: Pick<ReconcilerConfig, 'orphanSeconds'>;
  };
  now: () => Date;
}
