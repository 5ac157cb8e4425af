import { isServiceError } from '../../errors.ts';
import type { DeliveryAnswer } from '../../reconciler/types.ts';
import { createRedactor, type Redact } from '../../redact-secrets.ts';
import { isBelowPrefix, urlBelow } from '../callback-address.ts';
import { deliverMessage, redactAnswer, type Answer } from '../deliver-message.ts';
import { callbackOf, rejected, type ConnectorDelivery } from '../edc/call-connector.ts';
import { failed } from '../edc/describe-answer.ts';
import type { ControlPlane } from './authorization/control-plane.ts';
import type { CallbackTokens } from './authorization/callback-tokens.ts';
import { exchangeRulesOf, type ControlPlanes } from './control-planes.ts';
import type { SignalingConnector } from './settings.ts';

/** What a service has for its callbacks. */
export interface Callbacks {
  controlPlanes: Pick<ControlPlanes, 'find' | 'rulesOf'>;
  tokens: CallbackTokens;
}

export type SignalingDelivery = ConnectorDelivery<SignalingConnector> & {
  /** Absent: callbacks go to the address of the request, without a token. */
  callbacks?: Callbacks;
};

interface CallbackMessage {
  /** Below the base of callbacks. */
  path: readonly string[];
  body: object;
  classify: (answer: Answer) => DeliveryAnswer;
}

/** Makes one call of the flow's control plane, with a token if it has an authorization. Throws only when `signal` aborts. */
export async function callBack(
  delivery: SignalingDelivery,
  message: CallbackMessage,
  signal: AbortSignal,
): Promise<DeliveryAnswer> {
  try {
    return await send(delivery, message, signal);
  } catch (error) {
    signal.throwIfAborted();
    // The registrations cannot be read now, or there is no token.
    if (!isServiceError(error)) throw error;
    return failed(delivery.redact(error.message));
  }
}

async function send(
  delivery: SignalingDelivery,
  { path, body, classify }: CallbackMessage,
  signal: AbortSignal,
): Promise<DeliveryAnswer> {
  const { connector, request, callbacks, dispatcher, timeoutMillis } = delivery;
  const { requester } = request;
  const controlPlane = await callbacks?.controlPlanes.find({ connector, requester }, signal);
  const base = baseOf(delivery, controlPlane);
  if ('refused' in base) return base.refused;
  const { headers, redact, refused } = await authorize(delivery, controlPlane, signal);
  const call = { url: urlBelow(base.url, ...path), headers, body, timeoutMillis, dispatcher };
  const answer = redactAnswer(await deliverMessage(call, signal), redact);
  if (answer.got === 'answer' && answer.status === 401) refused();
  return classify(answer);
}

interface Authorized {
  headers: Readonly<Record<string, string>>;
  /** Removes the token and its client's secret, too. */
  redact: Redact;
  /** Call it after a 401: the next attempt requests another token. */
  refused: () => void;
}

async function authorize(
  { connector, callbacks, redact }: SignalingDelivery,
  controlPlane: ControlPlane | undefined,
  signal: AbortSignal,
): Promise<Authorized> {
  const open = { headers: {}, redact, refused: () => undefined };
  if (controlPlane === undefined || callbacks === undefined) return open;
  const callee = { controlPlane, rules: exchangeRulesOf(connector) };
  const token = await callbacks.tokens.obtain(callee, signal);
  if (token === undefined) return open;
  const own = createRedactor([token, secretOf(controlPlane)]);
  return {
    headers: { authorization: `Bearer ${token}` },
    redact: (text) => redact(own(text)),
    refused: () => {
      callbacks.tokens.drop(callee, token);
    },
  };
}

function secretOf({ authorization }: ControlPlane): string | undefined {
  return authorization?.type === 'oauth2_client_credentials' ? authorization.clientSecret : undefined;
}

/** That of the settings wins over that of a registration, which wins over that of the message. */
function baseOf(
  delivery: SignalingDelivery,
  controlPlane: ControlPlane | undefined,
): { url: string } | { refused: DeliveryAnswer } {
  if (controlPlane === undefined) return callbackOf(delivery);
  const { connector, callbacks } = delivery;
  const { endpoint, id } = controlPlane;
  const isConfigured = callbacks?.controlPlanes.rulesOf(connector).configured.some((one) => one.id === id);
  // The settings may have changed since the registration.
  if (isConfigured === true || isBelowPrefix(endpoint, connector.callbackPrefix)) return { url: endpoint };
  return { refused: rejected(`the endpoint of ${id} is not below ${connector.callbackPrefix}`) };
}
