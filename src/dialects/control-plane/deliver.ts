import type { DataAddress } from '../../flow/outcome.ts';
import type { DeliveryAnswer, MessageOfFlow } from '../../reconciler/types.ts';
import { createRedactor, secretsOfUrl } from '../../redact-secrets.ts';
import { isBelowPrefix } from '../callback-address.ts';
import { deliverMessage, redactAnswer } from '../deliver-message.ts';
import type { ConnectorCall } from '../dialect.ts';
import {
  buildProvisionedBody,
  buildTerminateBody,
  callbackUrl,
  keyHeader,
  terminateUrl,
} from './build-messages.ts';
import { classifyAnswer } from './classify-answer.ts';
import type { ControlPlaneConnector } from './settings.ts';

export type ControlPlaneDelivery = ConnectorCall<ControlPlaneConnector> & MessageOfFlow;

/**
 * One delivery attempt: results by the provision callback, a failure by the management API, since there is no callback for it. The key
 * goes only to the two configured addresses.
 */
export async function deliver(delivery: ControlPlaneDelivery, signal: AbortSignal): Promise<DeliveryAnswer> {
  const { key, message } = delivery;
  const own = createRedactor([
    key,
    ...(message.kind === 'results' ? secretsOfUrl(message.address.baseUrl) : []),
  ]);
  function redact(text: string): string {
    return delivery.redact(own(text));
  }
  return message.kind === 'results'
    ? await deliverResults({ ...delivery, redact }, message.address, signal)
    : await terminate({ ...delivery, redact }, `${message.reason}: ${message.message}`, signal);
}

async function deliverResults(
  delivery: ControlPlaneDelivery,
  address: DataAddress,
  signal: AbortSignal,
): Promise<DeliveryAnswer> {
  const { connector, request } = delivery;
  const callback = request.callbackAddress;
  // Checked when the request came; the configuration may have changed since.
  if (callback === undefined || !isBelowPrefix(callback, connector.callbackPrefix)) {
    return rejected(
      `the callbackAddress is not below ${connector.callbackPrefix}, which is configured for "${connector.name}"`,
    );
  }
  const body = buildProvisionedBody(request, address, connector);
  return await post(delivery, { url: callbackUrl(callback, request), body }, signal);
}

async function terminate(
  delivery: ControlPlaneDelivery,
  reason: string,
  signal: AbortSignal,
): Promise<DeliveryAnswer> {
  const { connector, request, redact } = delivery;
  const shown = shorten(redact(reason));
  if (connector.managementVersion === 'none') {
    return rejected(`"${connector.name}" has no management API configured, so it cannot be sent: ${shown}`);
  }
  const body = buildTerminateBody(connector.managementVersion, shown);
  return await post(delivery, { url: terminateUrl(connector, request), body }, signal);
}

/** One call. Nothing of its answer leaves here as it came: it may show the key and the address that it was sent. */
async function post(
  delivery: ControlPlaneDelivery,
  call: { url: string; body: object },
  signal: AbortSignal,
): Promise<DeliveryAnswer> {
  const { key, timeoutMillis, dispatcher } = delivery;
  const answer = await deliverMessage(
    { ...call, headers: keyHeader(key), timeoutMillis, dispatcher },
    signal,
  );
  return classifyAnswer(redactAnswer(answer, delivery.redact));
}

/** Nothing was sent. */
function rejected(problem: string): DeliveryAnswer {
  return { result: 'rejected', problem, status: 0 };
}

/** The reason travels on to the consumer. */
function shorten(reason: string): string {
  const line = reason.replaceAll(/\p{Cc}+/gu, ' ').trim();
  return line.length <= 500 ? line : `${line.slice(0, 499)}…`;
}
