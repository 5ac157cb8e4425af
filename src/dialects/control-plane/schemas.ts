import { Type } from 'typebox';
import { assetId, callbackAddress, connectorId } from '../request-members.ts';

/**
 * A request to provision or to deprovision, as connectors of all versions send it. `type` came with EDC 0.11. The schema accepts any policy,
 * since its shape differs between versions.
 */
export const ProvisionRequestBody = Type.Object(
  {
    type: Type.Optional(
      Type.Union([Type.Enum(['provision', 'deprovision']), Type.Null()], {
        title: 'provision or deprovision, or no such member (EDC before 0.11)',
      }),
    ),
    transferProcessId: connectorId,
    resourceDefinitionId: connectorId,
    assetId,
    callbackAddress,
    policy: Type.Optional(Type.Unknown({ title: 'the agreement’s policy' })),
  },
  {
    title: 'a JSON object',
    description: 'Sent by a connector’s HTTP provisioner. Unknown members are ignored.',
  },
);
