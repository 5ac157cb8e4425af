import type { HttpDataAddress } from '../../flow/outcome.ts';
import type { FlowRequest } from '../../flow/flow-request.ts';
import { urlBelow } from '../callback-address.ts';
import { namespace } from '../edc/names.ts';

/** The data plane does not find a property by its plain name, and then waits without an error. */
export function buildProvisionedBody({ type, baseUrl, method }: HttpDataAddress): object {
  const properties = {
    [`${namespace}type`]: type,
    [`${namespace}baseUrl`]: baseUrl,
    [`${namespace}method`]: method,
  };
  return { dataAddress: { properties } };
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
