import type { TransferProcess } from './transfer-process.ts';
import type { VersionProfile } from './versions.ts';

export type MessageType = 'provision' | 'deprovision';

export interface MessageParts {
  readonly type: MessageType;
  readonly profile: VersionProfile;
  readonly callbackAddress: string;
  /** That of the provisioned resource for a deprovision; by default that of the process. */
  readonly resourceDefinitionId?: string | undefined;
  /** Another asset under the same ids: what no connector should ever send. */
  readonly assetId?: string | undefined;
}

/** The body as the connector's Jackson writes it: members, order and nulls included. */
export function buildProvisionMessage(process: TransferProcess, parts: MessageParts): string {
  const assetId = parts.assetId ?? process.assetId;
  if (parts.profile.dataPlane !== undefined) return buildDataPlaneMessage(process, parts);
  return JSON.stringify({
    assetId,
    transferProcessId: process.id,
    policy: {
      permissions: [],
      prohibitions: [],
      obligations: [],
      profiles: [],
      extensibleProperties: {},
      inheritsFrom: null,
      assigner: 'provider',
      assignee: process.assignee,
      target: assetId,
      '@type': { '@policytype': 'contract' },
    },
    callbackAddress: parts.callbackAddress,
    ...(parts.profile.namesRequestType ? { type: parts.type } : {}),
    resourceDefinitionId: parts.resourceDefinitionId ?? process.resourceDefinitionId,
  });
}

/** A data plane does not say for which asset it asks. */
function buildDataPlaneMessage(
  { id, resourceDefinitionId }: TransferProcess,
  { type, callbackAddress }: MessageParts,
): string {
  return JSON.stringify({ type, provisionResourceId: resourceDefinitionId, flowId: id, callbackAddress });
}
