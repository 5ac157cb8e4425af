import { Type } from 'typebox';
import { callbackAddress, connectorId } from '../request-members.ts';

/** A request to provision or to deprovision, as EDC 0.14 to 0.18 send it. The URL names the asset. */
export const DataPlaneRequestBody = Type.Object(
  {
    type: Type.Enum(['provision', 'deprovision'], { title: 'provision or deprovision' }),
    flowId: connectorId,
    provisionResourceId: connectorId,
    callbackAddress,
  },
  { title: 'a JSON object', description: 'Sent by a connector’s data plane. Unknown members are ignored.' },
);
