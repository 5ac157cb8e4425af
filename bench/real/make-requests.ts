import { randomUUID } from 'node:crypto';

export interface ProvisionBody {
  type: 'provision';
  transferProcessId: string;
  resourceDefinitionId: string;
  assetId: string;
  callbackAddress: string;
  policy: object;
}

/** Requests as a connector sends them, each for a transfer of its own. */
export function makeRequests(
  count: number,
  callbackAddress: string,
  assetId = 'seattle-weather',
): ProvisionBody[] {
  return Array.from({ length: count }, () => ({
    type: 'provision',
    transferProcessId: randomUUID(),
    resourceDefinitionId: randomUUID(),
    assetId,
    callbackAddress,
    policy: { '@type': 'Agreement', assignee: 'consumer', permission: [], prohibition: [], obligation: [] },
  }));
}
