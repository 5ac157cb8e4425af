import type { ConnectorConfig } from '../../config/config.ts';
import type { DataAddress } from '../../flow/data-address.ts';
import type { FlowRequest } from '../../flow/flow-request.ts';
import { urlBelow } from '../callback-address.ts';

const namespace = 'https://w3id.org/edc/v0.0.1/ns/';

/** The provision callback. `apiKeyJwt` has to be there and is lost on its way: nothing secret can travel in it. */
export function buildProvisionedBody(
  request: FlowRequest,
  address: DataAddress,
  connector: ConnectorConfig,
): object {
  return {
    edctype: 'dataspaceconnector:provisioner-callback-request',
    resourceDefinitionId: idOf(request, 'resourceDefinitionId'),
    assetId: request.assetId,
    // The connector keeps a secret under this name: one a transfer, else they overwrite each other.
    resourceName: `job-${idOf(request, 'transferProcessId')}`,
    hasToken: false,
    apiKeyJwt: 'unused',
    contentDataAddress: { properties: nameProperties(address, connector.addressNames) },
  };
}

/** From EDC 0.4 on `baseUrl` is found under its full name alone; up to milestone 8 under its short one alone. */
function nameProperties(
  address: DataAddress,
  names: ConnectorConfig['addressNames'],
): Record<string, string> {
  const prefix = names === 'prefixed' ? namespace : '';
  return {
    [`${prefix}type`]: address.type,
    [`${prefix}baseUrl`]: address.baseUrl,
    [`${prefix}method`]: address.method,
  };
}

export function callbackUrl(callbackAddress: string, request: FlowRequest): string {
  return urlBelow(callbackAddress, idOf(request, 'transferProcessId'), 'provision');
}

export function terminateUrl(connector: ConnectorConfig, request: FlowRequest): string {
  const id = idOf(request, 'transferProcessId');
  return urlBelow(connector.managementUrl, connector.managementVersion, 'transferprocesses', id, 'terminate');
}

const managementContext = 'https://w3id.org/edc/connector/management/v2';

/** JSON-LD; v4 knows only the context by its own URL. */
export function buildTerminateBody(version: ConnectorConfig['managementVersion'], reason: string): object {
  const context = version === 'v4' ? [managementContext] : { '@vocab': namespace };
  return { '@context': context, '@type': 'TerminateTransfer', reason };
}

function idOf({ ids }: FlowRequest, name: string): string {
  const id = ids[name];
  if (id === undefined) throw new TypeError(`a control-plane flow without ${name}`);
  return id;
}
