import { environmentConfigMapName } from '../../flow/names.ts';
import type { ConfigMap } from '../../kubernetes/types.ts';
import { buildFlowLabels } from './labels.ts';
import { buildOwnerReference, type Owner } from './owner.ts';

/** The worker's environment: `job.env`, then the asset's, then parameters that are not secret. */
export function buildEnvironmentConfigMap(
  flow: string,
  environment: Record<string, string>,
  owner: Owner,
): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: environmentConfigMapName(flow),
      labels: buildFlowLabels(flow),
      ownerReferences: [buildOwnerReference(owner)],
    },
    data: environment,
  };
}
