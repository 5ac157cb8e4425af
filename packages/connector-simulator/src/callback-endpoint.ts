import {
  conflict,
  html,
  isObject,
  noContent,
  notFound,
  parseObject,
  problem,
  unreadable,
} from './api-answer.ts';
import type { ApiAnswer, ApiRequest } from './api-answer.ts';
import { addressType, readDataAddress } from './data-address.ts';
import type { DataAddress } from './data-address.ts';
import type { SimulatorContext } from './simulator-context.ts';
import { isProvisionable, isProvisioned } from './transfer-process.ts';
import type { TransferProcess } from './transfer-process.ts';

interface ProvisionedMessage {
  readonly resourceDefinitionId: string;
  readonly address: DataAddress;
}

const callbackType = 'dataspaceconnector:provisioner-callback-request';
const neededMembers = ['resourceDefinitionId', 'assetId', 'resourceName', 'apiKeyJwt'] as const;

/** `POST {callbackAddress}/{id}/provision`: the data address. */
export function answerProvisioned(context: SimulatorContext, id: string, request: ApiRequest): ApiAnswer {
  const message = readProvisioned(request.body);
  if ('status' in message) return message;
  const process = context.store.get(id);
  if (process === undefined) return notFound(id);
  process.counts.callback += 1;
  if (!isProvisionable(process.state)) return conflict('AddProvisionedResourceCommand', id, process.state);
  applyProvisioned(context, process, message);
  context.store.changed();
  return noContent;
}

/** `POST {callbackAddress}/{id}/deprovision`: accepted with any id, and without effect: the provisioner is never sent that id. */
export function answerDeprovisioned(context: SimulatorContext, id: string, request: ApiRequest): ApiAnswer {
  if (request.body === '') return html(500, 'Request failed.');
  const message = parseObject(request.body);
  if (typeof message?.['provisionedResourceId'] !== 'string')
    return problem(400, 'InvalidRequest', 'Request body should provide a valid provisionedResourceId value');
  return context.store.get(id) === undefined ? notFound(id) : noContent;
}

function readProvisioned(body: string): ProvisionedMessage | ApiAnswer {
  if (body === '') return html(500, 'Request failed.');
  const message = parseObject(body);
  if (message === undefined) return unreadable('Cannot deserialize ProvisionerWebhookRequest');
  if (message['edctype'] !== callbackType)
    return unreadable("Could not resolve subtype: missing or unknown type id property 'edctype'");
  const missing = neededMembers.find((name) => typeof message[name] !== 'string');
  if (missing !== undefined) return problem(400, 'ValidationFailure', `${missing} cannot be null`);
  const content = message['contentDataAddress'];
  if (!isObject(content)) return problem(400, 'ValidationFailure', 'contentDataAddress cannot be null');
  const address = readDataAddress(content);
  if (address === undefined)
    return unreadable('Cannot construct instance: DataAddress builder missing property type');
  return { resourceDefinitionId: String(message['resourceDefinitionId']), address };
}

function applyProvisioned(
  context: SimulatorContext,
  process: TransferProcess,
  { resourceDefinitionId, address }: ProvisionedMessage,
): void {
  const type = addressType(address) ?? '';
  process.resources.push({ resourceDefinitionId, addressType: type, deprovisioned: false });
  if (process.inFlight) {
    // After the answer the state machine saves its older copy: the resource stays, the address is lost.
    process.overtaken = true;
    context.journal.emit({ kind: 'overtaken', transferProcessId: process.id });
    return;
  }
  process.contentAddress = address;
  if (!isProvisioned(process)) return;
  if (process.state !== 'PROVISIONED') context.store.move(process, 'PROVISIONED');
  if (context.profile.startsAtOnce) context.store.move(process, 'STARTING');
}
