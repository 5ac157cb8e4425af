import { html, isObject, noContent, parseObject, problem, unreadable } from './api-answer.ts';
import type { ApiAnswer, ApiRequest } from './api-answer.ts';
import { readDataAddress } from './data-address.ts';
import type { SimulatorContext } from './simulator-context.ts';
import type { TransferProcess } from './transfer-process.ts';

/** Callbacks of a data plane: `POST {callbackAddress}/{flowId}/{resourceId}/provision` and `/deprovision`. */
export function answerDataFlow(
  resourceId: string,
  act: string,
): (context: SimulatorContext, id: string, request: ApiRequest) => ApiAnswer {
  return (context, id, request) => {
    const message = act === 'provision' ? readProvisioned(request.body) : { address: undefined };
    if ('status' in message) return message;
    const process = context.store.get(id);
    if (process === undefined)
      return problem(404, 'ObjectNotFound', `Object of type DataFlow with ID=${id} was not found`);
    process.counts[act === 'provision' ? 'callback' : 'confirm'] += 1;
    const isItsOwn = resourceId === process.resourceDefinitionId;
    const answer = refuseIfLeased(context, process);
    if (answer !== undefined) return answer;
    if (isItsOwn && act === 'provision') provisioned(context, process, message);
    if (isItsOwn && act === 'deprovision') deprovisioned(context, process);
    context.store.changed();
    return noContent;
  };
}

type Address = TransferProcess['contentAddress'];

function readProvisioned(body: string): { address: Address } | ApiAnswer {
  if (body === '') return html(500, 'Request failed.');
  const message = parseObject(body);
  if (message === undefined) return unreadable('Cannot deserialize ProvisionHttpResponse');
  const { dataAddress } = message;
  if (dataAddress === undefined || dataAddress === null) return { address: undefined };
  const address = isObject(dataAddress) ? readDataAddress(dataAddress) : undefined;
  return address === undefined
    ? unreadable('Cannot construct instance: DataAddress builder missing property type')
    : { address };
}

/**
 * The answer while the request is under way, and after a termination before the callback. Release 0.15 accepts the callback, and its
 * state machine overwrites it with an older copy of the flow.
 */
function refuseIfLeased(
  { journal, profile }: SimulatorContext,
  process: TransferProcess,
): ApiAnswer | undefined {
  if (!process.inFlight && !process.final) return undefined;
  if (process.inFlight) {
    process.overtaken = true;
    journal.emit({ kind: 'overtaken', transferProcessId: process.id });
  }
  return profile.dataPlane?.losesEarlyCallback === true
    ? noContent
    : problem(409, 'ObjectConflict', 'Entity is already leased');
}

/** Accepted in every state: a flow that has gone on is moved back. */
function provisioned(
  { journal }: SimulatorContext,
  process: TransferProcess,
  { address }: { address: Address },
): void {
  if (process.state === 'STARTUP_REQUESTED') {
    process.contentAddress = address;
    process.dataFlow = 'PROVISION_NOTIFYING';
    return;
  }
  process.rewinds += 1;
  process.stallPending = true;
  journal.emit({ kind: 'rewound', transferProcessId: process.id });
}

function deprovisioned({ store, profile }: SimulatorContext, process: TransferProcess): void {
  process.dataFlow = 'DEPROVISIONED';
  if (profile.dataPlane?.endsDeprovisioned === true && process.state !== 'DEPROVISIONED')
    store.move(process, 'DEPROVISIONED');
}
