import { conflict, html, isObject, json, noContent, notFound, parseObject, problem } from './api-answer.ts';
import type { ApiAnswer, ApiRequest } from './api-answer.ts';
import { namespace } from './data-address.ts';
import type { SimulatorContext } from './simulator-context.ts';
import { terminateByProvider } from './terminate.ts';
import type { TransferProcess } from './transfer-process.ts';

const responseContext = { '@vocab': namespace, edc: namespace, odrl: 'http://www.w3.org/ns/odrl/2/' };

/** `POST …/transferprocesses/{id}/terminate`: the provider ends the transfer and sends the consumer the reason. */
export function answerTerminate(context: SimulatorContext, id: string, request: ApiRequest): ApiAnswer {
  if (request.body === '') return html(500, 'Request failed.');
  const body = parseObject(request.body);
  if (body === undefined) return problem(400, 'InvalidRequest', 'Failed to read object');
  const reason = readReason(body);
  if (reason === undefined) {
    return problem(
      400,
      'ValidationFailure',
      `mandatory value '${namespace}reason' is missing or it is blank`,
    );
  }
  const process = context.store.get(id);
  if (process === undefined) return notFound(id);
  process.counts.terminate += 1;
  return terminateByProvider(context, process, reason)
    ? noContent
    : conflict('TerminateTransferCommand', id, process.state);
}

/** `GET …/transferprocesses/{id}/state`. */
export function answerState(context: SimulatorContext, id: string): ApiAnswer {
  const process = context.store.get(id);
  if (process === undefined) return notFound(id);
  return json(200, { '@type': 'TransferState', state: process.state, '@context': responseContext });
}

/** `GET …/transferprocesses/{id}`. */
export function answerProcess(context: SimulatorContext, id: string): ApiAnswer {
  const process = context.store.get(id);
  return process === undefined ? notFound(id) : json(200, describeProcess(process));
}

export function describeProcess(process: TransferProcess): object {
  return {
    '@id': process.id,
    '@type': 'TransferProcess',
    state: process.state,
    stateTimestamp: Date.now(),
    type: 'PROVIDER',
    callbackAddresses: [],
    correlationId: `consumer-${process.id}`,
    assetId: process.assetId,
    contractId: `agreement-${process.assetId}`,
    transferType: process.mode === 'push' ? 'HttpData-PUSH' : 'HttpData-PULL',
    ...(process.errorDetail === undefined ? {} : { errorDetail: process.errorDetail }),
    '@context': responseContext,
  };
}

/** JSON-LD drops plain names without a context; EDC adds its own vocabulary to a context that names none. */
function readReason(body: Record<string, unknown>): string | undefined {
  const context = body['@context'];
  const plainWorks = isObject(context) && (context['@vocab'] ?? namespace) === namespace;
  const prefixWorks = isObject(context) && context['edc'] === namespace;
  const reason =
    body[`${namespace}reason`] ??
    (prefixWorks ? body['edc:reason'] : undefined) ??
    (plainWorks ? body['reason'] : undefined);
  return typeof reason === 'string' && reason.trim() !== '' ? reason : undefined;
}
