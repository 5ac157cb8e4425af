import type { DeliveryAnswer, MessageOfFlow } from '../../reconciler/types.ts';
import { createRedactor, secretsOfUrl } from '../../redact-secrets.ts';
import { isBelowPrefix } from '../callback-address.ts';
import { deliverMessage, redactAnswer, type Answer } from '../deliver-message.ts';
import type { CalledBack, ConnectorCall } from '../dialect.ts';
import { keyHeader } from './names.ts';

export type ConnectorDelivery<Connector extends CalledBack = CalledBack> = ConnectorCall<Connector> &
  MessageOfFlow;

/** The same delivery, whose `redact` knows the secrets that it carries as well. */
export function redactOwn<Delivery extends ConnectorDelivery>(delivery: Delivery): Delivery {
  const { key, message, redact } = delivery;
  const own = createRedactor([
    key,
    ...(message.kind === 'results' ? secretsOfUrl(message.address.baseUrl) : []),
  ]);
  return { ...delivery, redact: (text) => redact(own(text)) };
}

/** One call. Nothing of its answer leaves here as it came: it may show the key and the address that it was sent. */
export async function post(
  delivery: ConnectorDelivery,
  call: { url: string; body: object | undefined; reuseConnection: boolean },
  signal: AbortSignal,
): Promise<Answer> {
  const { key, timeoutMillis, dispatcher, redact } = delivery;
  const answer = await deliverMessage(
    { ...call, headers: keyHeader(key), timeoutMillis, dispatcher },
    signal,
  );
  return redactAnswer(answer, redact);
}

/** Where the request wants to be called back, or why the key must not go there. The settings may have changed since it came. */
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

/** Nothing was sent. */
export function rejected(problem: string): DeliveryAnswer {
  return { result: 'rejected', problem, status: 0 };
}
