import { arch } from 'node:os';

import { healthyConditions } from '../objects/node.ts';
import type { Registry } from '../registry/types.ts';

const claimed = { cpu: '64', memory: '256Gi', 'ephemeral-storage': '1Ti', pods: '110' };

/** Makes the Node object; answers what it claims to have. Nothing limits what is really used. */
export function registerNode(
  registry: Registry,
  {
    name,
    capacity: own = {},
    now,
  }: { name: string; capacity?: Record<string, string> | undefined; now: Date },
): Record<string, string> {
  const architecture = arch() === 'x64' ? 'amd64' : arch();
  const capacity = { ...claimed, ...own };
  const labels = {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': architecture,
  };
  registry.create('nodes', { metadata: { name, labels }, spec: {} });
  registry.modify({ resource: 'nodes', name }, (draft) => {
    draft['status'] = {
      capacity,
      allocatable: capacity,
      conditions: healthyConditions(now),
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      nodeInfo: { kubeletVersion: 'v1.34.0+embedded', operatingSystem: 'linux', architecture },
    };
  });
  return capacity;
}
