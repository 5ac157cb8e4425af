import type { Dispatcher } from 'undici';
import type { ConnectorConfig } from '../../config/config.ts';
import { ServiceError } from '../../errors.ts';
import type { TerminateInstead } from '../../flow/annotations.ts';
import type { DataAddress } from '../../flow/data-address.ts';
import type { FlowRequest } from '../../flow/flow-request.ts';
import type { Outcome } from '../../flow/outcome.ts';
import { createRedactor, secretsOfUrl, type Redact } from '../../redact-secrets.ts';
import { isBelowPrefix } from '../callback-address.ts';
import { deliverMessage } from '../deliver-message.ts';
import type { DeliveryAnswer } from '../delivery-answer.ts';
import { redactAnswer } from '../redact-answer.ts';
import { buildProvisionedBody, buildTerminateBody, callbackUrl, terminateUrl } from './build-messages.ts';
import { classifyAnswer } from './classify-answer.ts';

export interface Announcement {
  connector: ConnectorConfig;
  /** The connector's management key: callbacks and its management API are guarded by the same one. */
  key: string | undefined;
  flow: string;
  request: FlowRequest;
  outcome: Outcome;
  /** Of a flow that succeeded and whose transfer is terminated all the same. */
  terminateInstead?: Pick<TerminateInstead, 'reason' | 'message'> | undefined;
  /** Of a flow that succeeded and whose results are delivered. */
  address?: DataAddress | undefined;
  timeoutMillis: number;
  dispatcher: Dispatcher;
  /** Of all secrets of the service; what this call carries is added. */
  redact: Redact;
}

/**
 * One delivery attempt: success by the provision callback, failure and cancellation by its management API,
 * since there is no callback for them. The key goes only to the two configured addresses.
 */
export async function announceOutcome(asked: Announcement, signal: AbortSignal): Promise<DeliveryAnswer> {
  const announcement = { ...asked, redact: redactorOf(asked) };
  const end = asked.terminateInstead ?? asked.outcome;
  if (!('reason' in end)) return await announceSuccess(announcement, signal);
  return await announceFailure(announcement, `${end.reason}: ${end.message}`, signal);
}

function redactorOf({ key, address, redact }: Announcement): Redact {
  const own = createRedactor([key, ...(address === undefined ? [] : secretsOfUrl(address.baseUrl))]);
  return (text) => redact(own(text));
}

async function announceSuccess(announcement: Announcement, signal: AbortSignal): Promise<DeliveryAnswer> {
  const { connector, request, address, flow } = announcement;
  if (address === undefined) throw new ServiceError('internal', `${flow} succeeded and has no data address`);
  const callback = request.callbackAddress;
  // Checked when the request came; the configuration may have changed since.
  if (callback === undefined || !isBelowPrefix(callback, connector.callbackPrefix)) {
    return rejected(
      `the callbackAddress is not below ${connector.callbackPrefix}, which is configured for "${connector.name}"`,
    );
  }
  const body = buildProvisionedBody(request, address, connector);
  return await deliver(announcement, { url: callbackUrl(callback, request), body }, signal);
}

async function announceFailure(
  announcement: Announcement,
  reason: string,
  signal: AbortSignal,
): Promise<DeliveryAnswer> {
  const { connector, request, redact } = announcement;
  const said = shorten(redact(reason));
  if (connector.managementVersion === 'none') {
    return rejected(`"${connector.name}" has no management API configured, so it cannot be sent: ${said}`);
  }
  const body = buildTerminateBody(connector.managementVersion, said);
  return await deliver(announcement, { url: terminateUrl(connector, request), body }, signal);
}

/** One call. Nothing of its answer leaves here as it came: it may show the key and the address that it was sent. */
async function deliver(
  announcement: Announcement,
  message: { url: string; body: object },
  signal: AbortSignal,
): Promise<DeliveryAnswer> {
  const answer = await deliverMessage({ ...announcement, ...message }, signal);
  return classifyAnswer(redactAnswer(answer, announcement.redact));
}

/** Nobody was asked. */
function rejected(problem: string): DeliveryAnswer {
  return { result: 'rejected', problem, status: 0 };
}

/** The reason travels on to the consumer. */
function shorten(reason: string): string {
  const line = reason.replaceAll(/\p{Cc}+/gu, ' ').trim();
  return line.length <= 500 ? line : `${line.slice(0, 499)}…`;
}
