import type { HttpDataAddress, S3DataAddress } from '../../flow/outcome.ts';
import type { FlowRequest } from '../../flow/flow-request.ts';
import { urlBelow } from '../callback-address.ts';
import { namespace } from '../edc/names.ts';
import { locationProperties } from '../edc/s3-properties.ts';

export function buildProvisionedBody({ type, baseUrl, method }: HttpDataAddress): object {
  return bodyOf({ type, baseUrl, method });
}

/** The keys are in the vault of the data plane under this name. */
export function buildS3Body(address: S3DataAddress, keyName: string): object {
  return bodyOf({ type: address.type, ...locationProperties(address), keyName });
}

/** The data plane does not find a property by its plain name, and then waits without an error. */
function bodyOf(named: Record<string, string>): object {
  const properties = Object.entries(named).map(([name, value]) => [namespace + name, value]);
  return { dataAddress: { properties: Object.fromEntries(properties) as object } };
}

/** Data planes have no message for a failure. A data plane that gets this address requests the data, is refused, and ends the transfer. */
export function failureAddress(
  resultsUrl: string,
  { flow, reason }: { flow: string; reason: string },
): HttpDataAddress {
  return {
    type: 'HttpData',
    baseUrl: urlBelow(resultsUrl, 'results', flow, 'failed', reason),
    method: 'GET',
  };
}

export function callbackUrl(
  callbackAddress: string,
  { ids: { flowId, provisionResourceId } }: Pick<FlowRequest, 'ids'>,
  act: 'provision' | 'deprovision',
): string {
  if (flowId === undefined || provisionResourceId === undefined)
    throw new TypeError('a data-plane flow without flowId or provisionResourceId');
  return urlBelow(callbackAddress, flowId, provisionResourceId, act);
}
