import type { DataAddress, InboxAddress } from '../../flow/outcome.ts';
import type { DeliveryAnswer } from '../../reconciler/types.ts';
import type { Answer } from '../deliver-message.ts';
import { post, redactOwn } from '../edc/call-connector.ts';
import { managementAccess } from '../edc/management-access.ts';
import { buildTerminateBody, terminateUrl } from '../edc/management-messages.ts';
import { buildStatusMessage, type FlowStatus } from './build-answers.ts';
import { callBack, type SignalingDelivery } from './callback.ts';
import { classifyAnswer, isBeforeStart, isInnerFailure } from './classify-answer.ts';
import { ownAddress, ownInbox } from './data-address.ts';
import { handsOutAddress } from './address-rules.ts';
import { readProtocol, type FlowProtocol } from './flow-protocol.ts';
import { judgeRepeatedStart } from './judge-repeated-start.ts';
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
    case 'results': {
      const address = addressMember(flow, { address: message.address, consumer });
      return await deliverStarted(delivery, address, signal);
    }
    case 'failure':
      return await deliverFailure(delivery, `${message.reason}: ${message.message}`, signal);
    case 'prepared':
      return await notify(delivery, { notice: 'prepared', ...inboxMember(flow, message.inbox) }, signal);
    case 'transferred':
      return await deliverCompleted(delivery, signal);
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

/**
 * EDC answers 500 to the second `started` of a transfer. A consumer that pulls shows by its next message that the first one was taken; the
 * control plane of a push sends none, and its push would never start.
 */
async function deliverStarted(
  delivery: SignalingDelivery,
  address: Pick<FlowStatus, 'address'>,
  signal: AbortSignal,
): Promise<DeliveryAnswer> {
  const { answer, raw } = await exchange(delivery, { notice: 'started', ...address }, signal);
  const isRepeatedPush = delivery.protocol?.pushes === true && delivery.mayBeTaken === true;
  if (!isRepeatedPush || raw === undefined || !isInnerFailure(raw)) return answer;
  return await judgeRepeatedStart(delivery, answer, signal);
}

/** A control plane that waits for `started` after all gets it, so that the next attempt can complete the transfer. */
async function deliverCompleted(delivery: SignalingDelivery, signal: AbortSignal): Promise<DeliveryAnswer> {
  const { answer, raw } = await exchange(delivery, { notice: 'completed' }, signal);
  const { pushes, announced } = delivery.protocol ?? {};
  if (pushes === true && announced !== true && raw !== undefined && isBeforeStart(raw))
    await notify(delivery, { notice: 'started', state: 'STARTED' }, signal);
  return answer;
}

function addressMember(
  { kind, profile }: FlowProtocol,
  { address, consumer }: { address: DataAddress; consumer: string | undefined },
): Pick<FlowStatus, 'address'> {
  return handsOutAddress(kind, 'started') ? { address: ownAddress({ profile, consumer }, address) } : {};
}

function inboxMember({ kind, profile }: FlowProtocol, inbox: InboxAddress): Pick<FlowStatus, 'address'> {
  return handsOutAddress(kind, 'prepared') ? { address: ownInbox(profile, inbox) } : {};
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

type Notification = { notice: Notice } & Partial<Pick<FlowStatus, 'address' | 'error' | 'state'>>;

async function notify(
  delivery: SignalingDelivery,
  notification: Notification,
  signal: AbortSignal,
): Promise<DeliveryAnswer> {
  return (await exchange(delivery, notification, signal)).answer;
}

/** `raw`: undefined if nothing was sent. */
async function exchange(
  delivery: SignalingDelivery,
  { notice, ...members }: Notification,
  signal: AbortSignal,
): Promise<{ answer: DeliveryAnswer; raw: Answer | undefined }> {
  const { request, flow, protocol } = delivery;
  const processId = processIdOf(request);
  const { state } = readProtocol(protocol);
  const messageId = messageIdFor(flow, notice);
  const body = buildStatusMessage({ messageId, flow: processId, state, ...members });
  let raw: Answer | undefined;
  function classify(answer: Answer): DeliveryAnswer {
    raw = answer;
    return classifyAnswer(answer);
  }
  const path = ['transfers', processId, 'dataflow', notice];
  const answer = await callBack(delivery, { path, body, classify }, signal);
  return { answer, raw };
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
