import type { DataAddress } from '../../flow/outcome.ts';
import type { DeliveryAnswer } from '../../reconciler/types.ts';
import { callbackOf, post, redactOwn, rejected, type ConnectorDelivery } from '../edc/call-connector.ts';
import { failed } from '../edc/describe-answer.ts';
import { buildProvisionedBody, callbackUrl, failureAddress } from './build-messages.ts';
import { classifyAnswer } from './classify-answer.ts';
import type { DataPlaneConnector } from './settings.ts';

export type DataPlaneDelivery = ConnectorDelivery<DataPlaneConnector>;

/** Makes one delivery attempt: the data address, for a failed job an address that refuses, or the confirmation of a deprovision. */
export async function deliver(unredacted: DataPlaneDelivery, signal: AbortSignal): Promise<DeliveryAnswer> {
  const delivery = redactOwn(unredacted);
  const { connector, flow, message } = delivery;
  switch (message.kind) {
    case 'results':
      return await provisioned(delivery, message.address, signal);
    case 'failure':
      return await provisioned(
        delivery,
        failureAddress(connector.resultsUrl, { flow, reason: message.reason }),
        signal,
      );
    case 'prepared':
    case 'transferred':
      return rejected('a data plane pushes by itself');
    case 'deprovisioned':
      return await deprovisioned(delivery, signal);
    default:
      return message satisfies never;
  }
}

async function provisioned(
  delivery: DataPlaneDelivery,
  address: DataAddress,
  signal: AbortSignal,
): Promise<DeliveryAnswer> {
  if (address.type !== 'HttpData') return rejected(`a data plane cannot carry addresses of ${address.type}`);
  return await call(delivery, { act: 'provision', body: buildProvisionedBody(address) }, signal);
}

/** May be repeated, also after a lost answer: a second confirmation changes nothing. */
async function deprovisioned(delivery: DataPlaneDelivery, signal: AbortSignal): Promise<DeliveryAnswer> {
  const answer = await call(delivery, { act: 'deprovision', body: undefined }, signal);
  return answer.result === 'unknown' ? failed(answer.problem) : answer;
}

async function call(
  delivery: DataPlaneDelivery,
  { act, body }: { act: 'provision' | 'deprovision'; body: object | undefined },
  signal: AbortSignal,
): Promise<DeliveryAnswer> {
  const callback = callbackOf(delivery);
  if ('refused' in callback) return callback.refused;
  const url = callbackUrl(callback.url, delivery.request, act);
  const access = { key: delivery.key };
  // A request on an idle connection that the data plane has closed does not show whether the callback was accepted.
  return classifyAnswer(await post(delivery, { url, body, reuseConnection: false, access }, signal));
}
