import { urlBelow } from '../callback-address.ts';
import { namespace } from './names.ts';

/** The settings of a connector's management API. */
export interface ManagementApi {
  managementUrl: string;
  managementVersion: 'v2' | 'v3' | 'v4' | 'none';
}

type ManagementVersion = ManagementApi['managementVersion'];

export function terminateUrl(api: ManagementApi, transferProcessId: string): string {
  const { managementUrl, managementVersion } = api;
  return urlBelow(managementUrl, managementVersion, 'transferprocesses', transferProcessId, 'terminate');
}

const managementContext = 'https://w3id.org/edc/connector/management/v2';

export function buildTerminateBody(version: ManagementVersion, reason: string): object {
  return { '@context': contextOf(version), '@type': 'TerminateTransfer', reason };
}

export function transferQueryUrl({ managementUrl, managementVersion }: ManagementApi): string {
  return urlBelow(managementUrl, managementVersion, 'transferprocesses', 'request');
}

/**
 * Selects the processes with these ids. The limit is needed, since a connector sends 50 by default. Releases before 0.2 do not read a list of
 * one as a list, so that a single id uses `=`; v4 requires the types.
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

/** JSON-LD context; v4 accepts only its own URL. */
export function contextOf(version: ManagementVersion): object {
  return version === 'v4' ? [managementContext] : { '@vocab': namespace };
}
