import type { DataAddress, S3DataAddress } from '../../flow/outcome.ts';
import type { DeliveryAnswer } from '../../reconciler/types.ts';
import { callbackOf, post, redactOwn, rejected, type ConnectorDelivery } from '../edc/call-connector.ts';
import { failed } from '../edc/describe-answer.ts';
import { secretOfKeys } from '../edc/s3-properties.ts';
import { removeSecret, storeSecret, type VaultCall } from '../edc/vault.ts';
import { buildProvisionedBody, buildS3Body, callbackUrl, failureAddress } from './build-messages.ts';
import { classifyAnswer } from './classify-answer.ts';
import { usesVault, type DataPlaneConnector } from './settings.ts';

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
  if (address.type === 'AmazonS3') return await provisionedS3(delivery, address, signal);
  return await call(delivery, { act: 'provision', body: buildProvisionedBody(address) }, signal);
}

/** The keys come first: the data plane reads them as soon as it has the address, which consumers are shown. */
async function provisionedS3(
  delivery: DataPlaneDelivery,
  address: S3DataAddress,
  signal: AbortSignal,
): Promise<DeliveryAnswer> {
  const vault = vaultOf(delivery);
  if (vault === undefined) return rejected('its connector has no vault to put keys for S3 into');
  // The key of the vault's API must not be sent because of a request with a wrong address.
  const callback = callbackOf(delivery);
  if ('refused' in callback) return callback.refused;
  const id = secretIdOf(delivery.flow);
  const failure = await storeSecret(vault, { id, value: secretOfKeys(address.keys) }, signal);
  if (failure !== undefined) return failure;
  return await call(delivery, { act: 'provision', body: buildS3Body(address, id) }, signal);
}

/** Names the secret in the connector's vault. */
function secretIdOf(flow: string): string {
  return `edc-job-provisioner-${flow}`;
}

function vaultOf(delivery: DataPlaneDelivery): VaultCall | undefined {
  const { connector } = delivery;
  return usesVault(connector) ? { ...delivery, connector } : undefined;
}

/** May be repeated, also after a lost answer: a second confirmation changes nothing. */
async function deprovisioned(delivery: DataPlaneDelivery, signal: AbortSignal): Promise<DeliveryAnswer> {
  const vault = vaultOf(delivery);
  const failure = vault && (await removeSecret(vault, secretIdOf(delivery.flow), signal));
  if (failure !== undefined) return failure;
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
