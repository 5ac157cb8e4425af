import type { HttpDataAddress } from '../../flow/outcome.ts';
import type { FlowRequest } from '../../flow/flow-request.ts';
import { urlBelow } from '../callback-address.ts';
import { namespace } from '../edc/names.ts';
import type { ControlPlaneConnector } from './settings.ts';

type IdentifiedRequest = Pick<FlowRequest, 'ids' | 'assetId'>;

/** The provision callback. `apiKeyJwt` is mandatory, but the connector drops it, so that it cannot carry a secret. */
export function buildProvisionedBody(
  request: IdentifiedRequest,
  address: HttpDataAddress,
  connector: Pick<ControlPlaneConnector, 'addressNames'>,
): object {
  return {
    edctype: 'dataspaceconnector:provisioner-callback-request',
    resourceDefinitionId: idOf(request, 'resourceDefinitionId'),
    assetId: request.assetId,
    // The connector keeps a secret under this name: unique per transfer, else they overwrite each other.
    resourceName: `job-${transferProcessIdOf(request)}`,
    hasToken: false,
    apiKeyJwt: 'unused',
    contentDataAddress: { properties: nameProperties(address, connector.addressNames) },
  };
}

/** EDC from 0.4 on reads `baseUrl` only by its full name, up to milestone 8 only by its short name. */
function nameProperties(
  address: HttpDataAddress,
  names: ControlPlaneConnector['addressNames'],
): Record<string, string> {
  const prefix = names === 'prefixed' ? namespace : '';
  return {
    [`${prefix}type`]: address.type,
    [`${prefix}baseUrl`]: address.baseUrl,
    [`${prefix}method`]: address.method,
  };
}

export function callbackUrl(callbackAddress: string, request: Pick<FlowRequest, 'ids'>): string {
  return urlBelow(callbackAddress, transferProcessIdOf(request), 'provision');
}

export function transferProcessIdOf(request: Pick<FlowRequest, 'ids'>): string {
  return idOf(request, 'transferProcessId');
}

function idOf({ ids }: Pick<FlowRequest, 'ids'>, name: string): string {
  const id = ids[name];
  if (id === undefined) throw new TypeError(`a control-plane flow without ${name}`);
  return id;
}
