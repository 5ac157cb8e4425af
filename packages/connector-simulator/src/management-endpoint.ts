import { conflict, html, isObject, json, noContent, notFound, parseObject, problem } from './api-answer.ts';
import type { ApiAnswer, ApiRequest } from './api-answer.ts';
import { namespace } from './data-address.ts';
import type { Vault } from './secrets-endpoint.ts';
import type { TransferMode } from './transfer-process.ts';
import type { StoredTransfer, TransferStore } from './transfer-store.ts';

/** What the management API shows of a transfer. */
export interface ManagedTransfer extends StoredTransfer {
  /** Default: provider. */
  readonly side?: 'provider' | 'consumer';
  readonly assetId: string;
  readonly mode: TransferMode;
  readonly counts: { terminate: number };
}

/** The transfers of a connector, for its management API. */
export interface Managed<Transfer extends ManagedTransfer> {
  readonly settings: {
    readonly managementKey: string | undefined;
    readonly managementVersions: readonly string[];
  };
  readonly store: Pick<TransferStore<Transfer>, 'get' | 'all'>;
  /** False if the transfer cannot be terminated. */
  /** Absent: the connector lacks the module `secrets-api`. */
  readonly vault?: Vault | undefined;
  readonly terminate: (process: Transfer, reason: string) => boolean;
}

const responseContext = { '@vocab': namespace, edc: namespace, odrl: 'http://www.w3.org/ns/odrl/2/' };

/** `POST …/transferprocesses/{id}/terminate`: the provider ends the transfer and sends the consumer the reason. */
export function answerTerminate<Transfer extends ManagedTransfer>(
  { store, terminate }: Managed<Transfer>,
  id: string,
  request: ApiRequest,
): ApiAnswer {
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
  const process = store.get(id);
  if (process === undefined) return notFound(id);
  process.counts.terminate += 1;
  return terminate(process, reason) ? noContent : conflict('TerminateTransferCommand', id, process.state);
}

/** `GET …/transferprocesses/{id}/state`. */
export function answerState(process: ManagedTransfer | undefined, id: string): ApiAnswer {
  if (process === undefined) return notFound(id);
  return json(200, { '@type': 'TransferState', state: process.state, '@context': responseContext });
}

/** `GET …/transferprocesses/{id}`. */
export function answerProcess(process: ManagedTransfer | undefined, id: string): ApiAnswer {
  return process === undefined ? notFound(id) : json(200, describeProcess(process));
}

export function describeProcess(process: ManagedTransfer): object {
  return {
    '@id': process.id,
    '@type': 'TransferProcess',
    state: process.state,
    stateTimestamp: Date.now(),
    type: process.side === 'consumer' ? 'CONSUMER' : 'PROVIDER',
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
