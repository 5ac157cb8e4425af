import { randomUUID } from 'node:crypto';
import { secretName } from '../../../config/read-secrets.ts';
import { isServiceError } from '../../../errors.ts';
import { createRedactor } from '../../../redact-secrets.ts';
import { urlBelow } from '../../callback-address.ts';
import { deliverMessage, redactAnswer, type Answer } from '../../deliver-message.ts';
import type { ProbeCall, ProbeResult } from '../../dialect.ts';
import { describeAnswer } from '../../edc/describe-answer.ts';
import { adviceOnReaching, optionalManagement, probeEdc, unknownId, unreached } from '../../edc/probe.ts';
import type { Judgement } from '../../edc/probe.ts';
import { createCallbackTokens } from '../authorization/callback-tokens.ts';
import { configuredControlPlanes } from '../authorization/settings.ts';
import { buildStatusMessage } from '../build-answers.ts';
import { exchangeRulesOf } from '../control-planes.ts';
import { probeRegistration } from './probe-registration.ts';
import type { SignalingConnector } from '../settings.ts';

type Call = ProbeCall<SignalingConnector>;

/** Checks the endpoint of callbacks, the registration of this data plane, and the management API if there is one. */
export async function probeSignaling(call: Call, signal: AbortSignal): Promise<ProbeResult[]> {
  const parts = await Promise.all([
    probeCallback(call, signal),
    probeRegistration(call, signal),
    probeEdc({ call, management: optionalManagement(call) }, signal),
  ]);
  return parts.flat();
}

/** `errored` changes no state, even in a control plane that knows the transfer. */
async function probeCallback(call: Call, signal: AbortSignal): Promise<ProbeResult> {
  const { connector, timeoutMillis, dispatcher } = call;
  const base = connector.controlPlane.endpoint ?? connector.callbackPrefix;
  const checked = { check: 'callback', address: base };
  const got = await obtainToken(call, signal);
  if ('problem' in got) return { ...checked, ...got.problem };
  const flow = unknownId();
  const message = {
    url: urlBelow(base, 'transfers', flow, 'dataflow', 'errored'),
    headers: got.headers,
    body: buildStatusMessage({
      ...{ messageId: randomUUID(), flow, state: 'STARTING' },
      error: 'a check of the connection: no transfer is concerned',
    }),
  };
  const sent = await deliverMessage({ ...message, timeoutMillis, dispatcher }, signal);
  const answer = redactAnswer(
    sent,
    createRedactor(Object.values(got.headers).flatMap((one) => one.split(' '))),
  );
  return { ...checked, ...judgeCallback(answer) };
}

type Authorized = { headers: Record<string, string> } | { problem: Judgement };

/** A control plane that registers itself is known to the running service only, and so is its authorization. */
async function obtainToken(call: Call, signal: AbortSignal): Promise<Authorized> {
  const { connector, secrets, dispatcher, timeoutMillis } = call;
  const variable = secretName(connector, 'CONTROL_PLANE_CLIENT_SECRET');
  const secret = { value: secrets.controlPlaneClientSecret, variable };
  try {
    const [controlPlane] = configuredControlPlanes(connector, secret);
    if (controlPlane === undefined) return { headers: {} };
    const source = { dispatcher, timeoutMillis, now: () => new Date(), stopping: signal };
    const callee = { controlPlane, rules: exchangeRulesOf(connector) };
    const token = await createCallbackTokens(source).obtain(callee, signal);
    return { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } };
  } catch (error) {
    signal.throwIfAborted();
    if (!isServiceError(error)) throw error;
    const advice =
      adviceOnReaching(error.message) ??
      `check controlPlane.authorization of the connector, and the secret ${variable}`;
    return { problem: { result: 'failed', detail: error.message, advice } };
  }
}

/** EDC answers 401 to a transfer that it does not know, before it looks at the token. */
function judgeCallback(answer: Answer): Judgement {
  if (answer.got === 'nothing') return unreached(answer.problem);
  const { status, body } = answer;
  if (status === 401)
    return {
      result: 'passed',
      detail: 'answers 401, as EDC does for an unknown transfer: a wrong token would not show here',
    };
  const isKnown = status >= 200 && status < 300;
  if (isKnown || (status === 404 && !/^\s*(<|$)/.test(body)))
    return { result: 'passed', detail: `answers ${status}, and refuses no authorization` };
  if (status === 403)
    return {
      result: 'failed',
      detail: 'refuses the authorization (403)',
      advice: 'the control plane must trust the token of controlPlane.authorization',
    };
  return {
    result: 'failed',
    detail: describeAnswer(answer),
    advice: 'callbackPrefix, or controlPlane.endpoint, must be the base of the signaling API',
  };
}
