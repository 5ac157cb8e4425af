import type { DataAddress } from '../../flow/outcome.ts';
import type { FlowRequest } from '../../flow/flow-request.ts';
import { urlBelow } from '../callback-address.ts';
import type { ControlPlaneConnector } from './settings.ts';

/** EDC's own, of its JSON-LD. */
export const namespace = 'https://w3id.org/edc/v0.0.1/ns/';

/** The provision callback. `apiKeyJwt` has to be there and is lost on its way: nothing secret can travel in it. */
export function buildProvisionedBody(
  request: FlowRequest,
  address: DataAddress,
  connector: ControlPlaneConnector,
): object {
  return {
    edctype: 'dataspaceconnector:provisioner-callback-request',
    resourceDefinitionId: idOf(request, 'resourceDefinitionId'),
    assetId: request.assetId,
    // The connector keeps a secret under this name: one a transfer, else they overwrite each other.
    resourceName: `job-${transferProcessIdOf(request)}`,
    hasToken: false,
    apiKeyJwt: 'unused',
    contentDataAddress: { properties: nameProperties(address, connector.addressNames) },
  };
}

/** From EDC 0.4 on `baseUrl` is found under its full name alone; up to milestone 8 under its short one alone. */
function nameProperties(
  address: DataAddress,
  names: ControlPlaneConnector['addressNames'],
): Record<string, string> {
  const prefix = names === 'prefixed' ? namespace : '';
  return {
    [`${prefix}type`]: address.type,
    [`${prefix}baseUrl`]: address.baseUrl,
    [`${prefix}method`]: address.method,
  };
}

/** Callbacks and the management API are guarded by the same key. */
export function keyHeader(key: string | undefined): Record<string, string> {
  return key === undefined ? {} : { 'x-api-key': key };
}

export function callbackUrl(callbackAddress: string, request: FlowRequest): string {
  return urlBelow(callbackAddress, transferProcessIdOf(request), 'provision');
}

export function terminateUrl(connector: ControlPlaneConnector, request: FlowRequest): string {
  const id = transferProcessIdOf(request);
  return urlBelow(connector.managementUrl, connector.managementVersion, 'transferprocesses', id, 'terminate');
}

const managementContext = 'https://w3id.org/edc/connector/management/v2';

export function buildTerminateBody(version: ManagementVersion, reason: string): object {
  return { '@context': contextOf(version), '@type': 'TerminateTransfer', reason };
}

export function transferQueryUrl(connector: ControlPlaneConnector): string {
  return urlBelow(connector.managementUrl, connector.managementVersion, 'transferprocesses', 'request');
}

/**
 * All processes of these ids in one answer: a connector sends 50 where no limit is named. Releases before 0.2 take a list of one for
 * no list, so that a single id is asked for with `=`; v4 wants the types as well.
 */
export function buildTransferQuery(version: ManagementVersion, ids: readonly string[]): object {
  const [only] = ids;
  const operands =
    ids.length === 1 ? { operator: '=', operandRight: only } : { operator: 'in', operandRight: ids };
  return {
    '@context': contextOf(version),
    '@type': 'QuerySpec',
    offset: 0,
    limit: ids.length,
    filterExpression: [{ '@type': 'Criterion', operandLeft: 'id', ...operands }],
  };
}

type ManagementVersion = ControlPlaneConnector['managementVersion'];

/** JSON-LD; v4 knows only the context by its own URL. */
function contextOf(version: ManagementVersion): object {
  return version === 'v4' ? [managementContext] : { '@vocab': namespace };
}

export function transferProcessIdOf(request: FlowRequest): string {
  return idOf(request, 'transferProcessId');
}

function idOf({ ids }: FlowRequest, name: string): string {
  const id = ids[name];
  if (id === undefined) throw new TypeError(`a control-plane flow without ${name}`);
  return id;
}
