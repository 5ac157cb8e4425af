import type { DeliveryAnswer, MessageOfFlow } from '../../reconciler/types.ts';
import type { DataAddress } from '../../flow/outcome.ts';
import { createRedactor, secretsOfUrl } from '../../redact-secrets.ts';
import { isBelowPrefix } from '../callback-address.ts';
import { redactAnswer, type Answer } from '../deliver-message.ts';
import type { CalledBack, ConnectorCall } from '../dialect.ts';
import { sendWithAccess, type Access } from './management-access.ts';

export type ConnectorDelivery<Connector extends CalledBack = CalledBack> = ConnectorCall<Connector> &
  MessageOfFlow;

/** The same delivery; its `redact` also removes the secrets that it carries. */
export function redactOwn<Delivery extends ConnectorDelivery>(delivery: Delivery): Delivery {
  const { key, message, redact } = delivery;
  const own = createRedactor([key, ...(message.kind === 'results' ? secretsOf(message.address) : [])]);
  return { ...delivery, redact: (text) => redact(own(text)) };
}

function secretsOf(address: DataAddress): string[] {
  if (address.type === 'AmazonS3') return [address.keys.secretAccessKey, address.keys.sessionToken];
  const { baseUrl, bearer } = address;
  const tokens =
    bearer === undefined
      ? []
      : [bearer.lastingToken, bearer.renewal.accessToken, bearer.renewal.refreshToken];
  return [...secretsOfUrl(baseUrl), ...tokens];
}

/** Makes one call of a configured address. The answer is redacted, since it may show the key and the address that were sent. */
export async function post(
  delivery: ConnectorDelivery,
  { access, ...call }: { url: string; body: object | undefined; reuseConnection: boolean; access: Access },
  signal: AbortSignal,
): Promise<Answer> {
  const { timeoutMillis, dispatcher, redact } = delivery;
  const answer = await sendWithAccess({ ...call, timeoutMillis, dispatcher }, access, signal);
  return redactAnswer(answer, redact);
}

/** The request's callback address, or why it must not get the key: the settings may have changed since the request. */
export function callbackOf({
  connector: { name, callbackPrefix },
  request: { callbackAddress },
}: ConnectorDelivery): { url: string } | { refused: DeliveryAnswer } {
  if (callbackAddress !== undefined && isBelowPrefix(callbackAddress, callbackPrefix))
    return { url: callbackAddress };
  return {
    refused: rejected(
      `the callbackAddress is not below ${callbackPrefix}, which is configured for "${name}"`,
    ),
  };
}

/** The result of a delivery that was not sent. */
export function rejected(problem: string): DeliveryAnswer {
  return { result: 'rejected', problem, status: 0 };
}
