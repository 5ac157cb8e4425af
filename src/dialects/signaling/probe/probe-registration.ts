import { secretName } from '../../../config/read-secrets.ts';
import { isServiceError, ServiceError } from '../../../errors.ts';
import { createRedactor } from '../../../redact-secrets.ts';
import { urlBelow } from '../../callback-address.ts';
import { deliverMessage, type Answer, type Message } from '../../deliver-message.ts';
import type { ProbeCall, ProbeResult } from '../../dialect.ts';
import { describeAnswer } from '../../edc/describe-answer.ts';
import { managementAccess, type Access } from '../../edc/management-access.ts';
import { keyHeader } from '../../edc/names.ts';
import { adviceOnReaching, unreached, type Judgement } from '../../edc/probe.ts';
import { endpointsOf, registrationTargets } from '../registration-targets.ts';
import type { SignalingConnector } from '../settings.ts';
import { judgeByEndpoint, judgeById, readDataPlanes, type ListedDataPlane } from './judge-data-planes.ts';

type Call = ProbeCall<SignalingConnector>;

interface RegistrationProbe {
  /** Lists the data planes. */
  url: string;
  /** Throws `unavailable` if there is no token. */
  headers(signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  judge(listed: readonly ListedDataPlane[]): Judgement;
  adviceOnRefusal: string;
  /** For a list that is not there. */
  missing: Pick<Judgement, 'result' | 'advice'>;
}

const check = 'registration';

/** Reads the list of the data planes where this one is registered, and compares its entry. Changes nothing there. */
export async function probeRegistration(call: Call, signal: AbortSignal): Promise<ProbeResult> {
  try {
    const probe = ownRegistration(call, signal) ?? foreignRegistration(call);
    if (probe === undefined)
      return { check, result: 'skipped', detail: 'neither registration.url nor managementUrl is set' };
    return { check, address: probe.url, ...(await judge(call, probe, signal)) };
  } catch (error) {
    signal.throwIfAborted();
    if (!isServiceError(error)) throw error;
    const advice = adviceOnReaching(error.message) ?? 'check registration of the connector, and its secrets';
    return { check, result: 'failed', detail: error.message, advice };
  }
}

/** A control plane has up to some hundred data planes. */
const answerLimit = 1024 * 1024;

/** Entries are compared as they are: a redacted answer lacks the token in the path of an endpoint. */
async function judge(call: Call, probe: RegistrationProbe, signal: AbortSignal): Promise<Judgement> {
  const { timeoutMillis, dispatcher } = call;
  const headers = await probe.headers(signal);
  const message = { url: probe.url, method: 'GET', headers, timeoutMillis, dispatcher, answerLimit } as const;
  const redact = createRedactor(Object.values(headers).flatMap((one) => one.split(' ')));
  const answer = await deliverMessage(message, signal);
  const hasNoList = answer.got === 'answer' && answer.status === 404;
  const judgement =
    hasNoList && (await isFormer({ ...message, url: urlBelow(probe.url, 'register') }, signal))
      ? skippedList('takes registrations as EDC 0.16 does')
      : judgeAnswer(probe, answer);
  return { ...judgement, detail: redact(judgement.detail) };
}

/** EDC 0.16 answers 405 to another method than that of its registrations. */
async function isFormer(message: Message, signal: AbortSignal): Promise<boolean> {
  const answer = await deliverMessage(message, signal);
  return answer.got === 'answer' && answer.status === 405;
}

function skippedList(does: string): Judgement {
  return { result: 'skipped', detail: `${does}, and does not list its data planes` };
}

function judgeAnswer(probe: RegistrationProbe, answer: Answer): Judgement {
  if (answer.got === 'nothing') return unreached(answer.problem);
  const { status, body } = answer;
  if (status === 401 || status === 403)
    return {
      result: 'failed',
      detail: `refuses the credentials (${status})`,
      advice: probe.adviceOnRefusal,
    };
  if (status === 405) return skippedList('answers 405');
  const listed = status === 200 ? readDataPlanes(body) : undefined;
  return listed === undefined ? { ...probe.missing, detail: describeAnswer(answer) } : probe.judge(listed);
}

function ownRegistration(call: Call, stopping: AbortSignal): RegistrationProbe | undefined {
  const { connector, config, secrets, dispatcher, timeoutMillis } = call;
  const [target] = registrationTargets({
    ...{ connectors: [connector], config, secrets: { connectors: { [connector.name]: secrets } } },
    source: { dispatcher, timeoutMillis, now: () => new Date(), stopping },
  });
  if (target === undefined) return undefined;
  const { url, credentials, dataPlane } = target;
  const hasClient = connector.registration.tokenEndpoint !== undefined;
  const variable = secretName(connector, hasClient ? 'REGISTRATION_CLIENT_SECRET' : 'MANAGEMENT_KEY');
  return {
    url,
    headers: (signal) => credentials.headers(signal),
    judge: (listed) => judgeById(listed, { ...dataPlane, endpoints: endpointsOf(call) }),
    adviceOnRefusal: `check registration of the connector, and the secret ${variable}`,
    missing: {
      result: 'failed',
      advice: 'registration.url must be the address where data planes are registered',
    },
  };
}

/** One that was made by hand may have any id. EDC lists data planes from 0.17 on. */
function foreignRegistration(call: Call): RegistrationProbe | undefined {
  const { connector, managementKey } = call;
  const { managementUrl, profiles } = connector;
  if (managementUrl === undefined) return undefined;
  const url = `${managementUrl}/v4/dataplanes`;
  const access = managementAccess(connector, managementKey, call);
  return {
    url,
    headers: (signal) => headersOf(access, call, signal),
    judge: (listed) => judgeByEndpoint(listed, { endpoints: endpointsOf(call), profiles }),
    adviceOnRefusal: `check the secret ${secretName(connector, 'MANAGEMENT_KEY')}`,
    missing: { result: 'skipped' },
  };
}

async function headersOf(
  { key, oauth2 }: Access,
  call: Call,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  if (oauth2 === undefined) return keyHeader(key);
  const got = await oauth2.accessTokens.get(oauth2.client, call, signal);
  if ('problem' in got) throw new ServiceError('unavailable', got.problem);
  return { ...keyHeader(key), authorization: `Bearer ${got.token}` };
}
