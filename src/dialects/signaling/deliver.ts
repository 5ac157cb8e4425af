import type { DataAddress } from '../../flow/outcome.ts';
import type { DeliveryAnswer } from '../../reconciler/types.ts';
import { post, redactOwn } from '../edc/call-connector.ts';
import { managementAccess } from '../edc/management-access.ts';
import { buildTerminateBody, terminateUrl } from '../edc/management-messages.ts';
import { buildStatusMessage, type FlowStatus } from './build-answers.ts';
import { callBack, type SignalingDelivery } from './callback.ts';
import { classifyAnswer, classifyRepeatedStart } from './classify-answer.ts';
import { ownAddress } from './data-address.ts';
import { handsOutAddress } from './address-rules.ts';
import { readProtocol, type FlowProtocol } from './flow-protocol.ts';
import { messageIdFor } from './message-id.ts';
import type { Notice } from './states.ts';

/**
 * Makes one delivery attempt (§Control Plane Endpoint): `prepared`, `started` with the address of the results, `completed`, or `errored`. The state that it names
 * was saved before.
 */
export async function deliver(unredacted: SignalingDelivery, signal: AbortSignal): Promise<DeliveryAnswer> {
  const delivery = redactOwn(unredacted);
  const { message, protocol, request } = delivery;
  const { consumer } = request;
  const flow = readProtocol(protocol);
  switch (message.kind) {
    case 'results':
      return await notify(
        delivery,
        { notice: 'started', ...addressMember(flow, { address: message.address, consumer }) },
        signal,
      );
    case 'failure':
      return await deliverFailure(delivery, `${message.reason}: ${message.message}`, signal);
    case 'prepared':
      return await notify(delivery, { notice: 'prepared' }, signal);
    case 'transferred':
      return await notify(delivery, { notice: 'completed' }, signal);
    case 'deprovisioned':
      return {
        result: 'rejected',
        problem: 'a control plane takes no confirmation of a termination',
        status: 0,
      };
    default:
      return message satisfies never;
  }
}

function addressMember(
  { kind, profile }: FlowProtocol,
  { address, consumer }: { address: DataAddress; consumer: string | undefined },
): Pick<FlowStatus, 'address'> {
  return handsOutAddress(kind, 'started') ? { address: ownAddress({ profile, consumer }, address) } : {};
}

/** EDC takes `errored` and does nothing; only a termination by the management API reaches the counterparty. */
async function deliverFailure(
  delivery: SignalingDelivery,
  reason: string,
  signal: AbortSignal,
): Promise<DeliveryAnswer> {
  const { connector, managementKey, request, redact } = delivery;
  const error = shorten(redact(reason));
  const answer = await notify(delivery, { notice: 'errored', error }, signal);
  const { managementUrl, managementVersion, onFailure } = connector;
  if (answer.result !== 'delivered' || onFailure !== 'terminate' || managementUrl === undefined)
    return answer;
  const url = terminateUrl({ managementUrl, managementVersion }, processIdOf(request));
  const body = buildTerminateBody(managementVersion, error);
  const access = managementAccess(connector, managementKey, delivery);
  return classifyAnswer(await post(delivery, { url, body, reuseConnection: true, access }, signal));
}

async function notify(
  delivery: SignalingDelivery,
  { notice, ...members }: { notice: Notice } & Pick<FlowStatus, 'address' | 'error'>,
  signal: AbortSignal,
): Promise<DeliveryAnswer> {
  const { request, flow, protocol } = delivery;
  const processId = processIdOf(request);
  const { state } = readProtocol(protocol);
  const messageId = messageIdFor(flow, notice);
  const body = buildStatusMessage({ messageId, flow: processId, state, ...members });
  const isRepeatedPush = notice === 'started' && protocol?.pushes === true && delivery.mayBeTaken === true;
  const classify = isRepeatedPush ? classifyRepeatedStart : classifyAnswer;
  return await callBack(
    delivery,
    { path: ['transfers', processId, 'dataflow', notice], body, classify },
    signal,
  );
}

function processIdOf({ ids: { processId } }: SignalingDelivery['request']): string {
  if (processId === undefined) throw new TypeError('a signaling flow without processId');
  return processId;
}

/** The counterparty gets the reason. */
function shorten(reason: string): string {
  const line = reason.replaceAll(/\p{Cc}+/gu, ' ').trim();
  return line.length <= 500 ? line : `${line.slice(0, 499)}…`;
}
