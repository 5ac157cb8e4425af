import type { DataAddress } from '../../flow/outcome.ts';
import type { DeliveryAnswer } from '../../reconciler/types.ts';
import { callbackOf, post, redactOwn, rejected, type ConnectorDelivery } from '../edc/call-connector.ts';
import { managementAccess } from '../edc/management-access.ts';
import { buildTerminateBody, terminateUrl } from '../edc/management-messages.ts';
import { buildProvisionedBody, callbackUrl, transferProcessIdOf } from './build-messages.ts';
import { classifyAnswer } from './classify-answer.ts';
import type { ControlPlaneConnector } from './settings.ts';

export type ControlPlaneDelivery = ConnectorDelivery<ControlPlaneConnector>;

/**
 * Makes one delivery attempt: results by the provision callback, a failure by the management API, since there is no callback for it. The
 * key is sent only to the two configured addresses.
 */
export async function deliver(
  unredacted: ControlPlaneDelivery,
  signal: AbortSignal,
): Promise<DeliveryAnswer> {
  const delivery = redactOwn(unredacted);
  const { message } = delivery;
  switch (message.kind) {
    case 'results':
      return await deliverResults(delivery, message.address, signal);
    case 'failure':
      return await terminate(delivery, `${message.reason}: ${message.message}`, signal);
    case 'prepared':
    case 'transferred':
    case 'deprovisioned':
      // The answer to the request confirms it; a callback would need an id that the connector never sends.
      return rejected('a control plane accepts no confirmation of a deprovision');
    default:
      return message satisfies never;
  }
}

async function deliverResults(
  delivery: ControlPlaneDelivery,
  address: DataAddress,
  signal: AbortSignal,
): Promise<DeliveryAnswer> {
  const { connector, request } = delivery;
  if (address.type !== 'HttpData')
    return rejected(`a control plane cannot carry addresses of ${address.type}`);
  const callback = callbackOf(delivery);
  if ('refused' in callback) return callback.refused;
  const body = buildProvisionedBody(request, address, connector);
  const url = callbackUrl(callback.url, request);
  return await send(delivery, { url, body }, signal);
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
  const url = terminateUrl(connector, transferProcessIdOf(request));
  return await send(delivery, { url, body }, signal);
}

/** Callbacks are part of the management API: both need its credentials. */
async function send(
  delivery: ControlPlaneDelivery,
  call: { url: string; body: object },
  signal: AbortSignal,
): Promise<DeliveryAnswer> {
  const access = managementAccess(delivery.connector, delivery.key, delivery);
  return classifyAnswer(await post(delivery, { ...call, reuseConnection: true, access }, signal));
}

/** The consumer gets the reason. */
function shorten(reason: string): string {
  const line = reason.replaceAll(/\p{Cc}+/gu, ' ').trim();
  return line.length <= 500 ? line : `${line.slice(0, 499)}…`;
}
