import type { Dispatcher } from 'undici';
import { backOffMillis, type BackOff } from '../../../back-off.ts';
import { systemClock, type Clock } from '../../../clock.ts';
import { messageOf } from '../../../errors.ts';
import type { Logger } from '../../../log.ts';
import { createRedactor, type Redact } from '../../../redact-secrets.ts';
import { urlBelow } from '../../callback-address.ts';
import { deliverMessage, redactAnswer, type Answer, type Message } from '../../deliver-message.ts';
import { describeAnswer } from '../../edc/describe-answer.ts';
import { buildFormerRegistration, buildRegistration, type DataPlane } from './build-registration.ts';
import type { Credentials } from './credentials.ts';

/** A control plane at which this data plane registers itself. */
export interface RegistrationTarget {
  connector: string;
  /** The whole address: `…/dataplanes` (EDC 0.16 gets `…/dataplanes/register`), `…/v4/dataplanes` or `…/v5beta/participants/{id}/dataplanes`. */
  url: string;
  dataPlane: DataPlane;
  renewMillis: number;
  credentials: Credentials;
}

/** `problem` may name addresses, and is for operators only. */
export type RegistrationState =
  | { state: 'pending' }
  | { state: 'ok'; since: string }
  | { state: 'retrying'; since: string; problem: string };

export interface Registrations {
  /** By connector. */
  states(): ReadonlyMap<string, RegistrationState>;
  /** Resolves after the signal has aborted. */
  ended: Promise<void>;
}

export interface RegistrationOptions {
  dispatcher: Dispatcher;
  log: Logger;
  /** Removes all secrets of the service. */
  redact: Redact;
  now: () => Date;
  /** Called after each request. */
  count?: (connector: string, result: 'registered' | 'failed') => void;
  /** For one request. */
  timeoutMillis?: number;
  /** Pauses after a failure. */
  backoff?: BackOff;
  random?: () => number;
  clock?: Pick<Clock, 'sleep'>;
}

const defaults = {
  count: () => undefined,
  timeoutMillis: 10_000,
  backoff: { firstMillis: 1000, maxMillis: 60_000 },
  random: Math.random,
  clock: systemClock,
};

type Options = Required<RegistrationOptions>;

/**
 * Keeps this data plane registered: at the start, with back-off until it succeeds, and again and again, since a control plane that keeps
 * registrations in memory has forgotten them after a restart. Each target has its own pace, so that one that is down does not delay others.
 *
 * Every replica does so: the request is an upsert (§Registration and update endpoint), all replicas send the same body, and none has to
 * lead for it. While a new configuration is rolled out, the last replica that renews wins, and all agree again when the roll-out ends.
 * Nothing is deleted at the end: other replicas may still serve, and a restart must not interrupt transfers.
 */
export function startRegistrations(
  targets: readonly RegistrationTarget[],
  options: RegistrationOptions,
  signal: AbortSignal,
): Registrations {
  const complete = { ...defaults, ...options };
  const states = new Map<string, RegistrationState>();
  const loops = targets.map((target) => {
    states.set(target.connector, { state: 'pending' });
    return keepRegistered({ target, states, options: complete }, signal);
  });
  return { states: () => states, ended: Promise.all(loops).then(() => undefined) };
}

interface Loop {
  target: RegistrationTarget;
  states: Map<string, RegistrationState>;
  options: Options;
}

async function keepRegistered({ target, states, options }: Loop, signal: AbortSignal): Promise<void> {
  const { connector, renewMillis } = target;
  const { backoff, random, now, count, clock } = options;
  for (let failures = 0; !signal.aborted;) {
    const problem = await register(target, options, signal);
    // A request that the stopping service has aborted is no failure.
    if (isAborted(signal)) return;
    count(connector, problem === undefined ? 'registered' : 'failed');
    const before = states.get(connector);
    const next = nextState(before, problem, now().toISOString());
    states.set(connector, next);
    report(target, { before, next }, options.log);
    failures = problem === undefined ? 0 : failures + 1;
    // Replicas that have started together do not stay together.
    const pause =
      failures === 0 ? renewMillis * (0.8 + random() / 5) : backOffMillis(backoff, failures, random);
    await clock.sleep(pause, signal);
  }
}

/** A function, so that the type checker does not take the signal's state for constant. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/**
 * Makes one attempt. Returns its problem; any 2xx is a success, since EDC answers otherwise than specified in some releases. EDC 0.16 has no
 * `PUT /dataplanes`: a control plane without it gets the message in the form of that release.
 */
async function register(
  target: RegistrationTarget,
  options: Options,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { url, dataPlane } = target;
  const present = { method: 'PUT', url, body: buildRegistration(dataPlane) } as const;
  const formerUrl = urlBelow(url, 'register');
  const former = { method: 'POST', url: formerUrl, body: buildFormerRegistration(dataPlane) } as const;
  try {
    const answer = await send(target, { ...options, request: present }, signal);
    if (!isUnknownRoute(answer)) return problemOf(answer);
    const second = await send(target, { ...options, request: former }, signal);
    return problemOf(isUnknownRoute(second) ? answer : second);
  } catch (error) {
    return options.redact(messageOf(error));
  }
}

async function send(
  { dataPlane: { authorization }, credentials }: RegistrationTarget,
  {
    dispatcher,
    timeoutMillis,
    redact,
    request,
  }: Options & { request: Pick<Message, 'method' | 'url' | 'body'> },
  signal: AbortSignal,
): Promise<Answer> {
  const secret = authorization?.type === 'oauth2_client_credentials' ? authorization.clientSecret : undefined;
  const headers = await credentials.headers(signal);
  const own = createRedactor([
    secret,
    ...Object.values(headers).map((value) => value.replace('Bearer ', '')),
  ]);
  const answer = await deliverMessage({ ...request, headers, timeoutMillis, dispatcher }, signal);
  if (answer.got === 'answer' && answer.status === 401) credentials.refused(headers);
  return redactAnswer(answer, (text) => redact(own(text)));
}

function isUnknownRoute(answer: Answer): boolean {
  return answer.got === 'answer' && (answer.status === 404 || answer.status === 405);
}

function problemOf(answer: Answer): string | undefined {
  if (answer.got === 'nothing') return answer.problem;
  if (answer.status >= 200 && answer.status < 300) return undefined;
  return describeAnswer(answer) + adviceOn(answer.status);
}

function adviceOn(status: number): string {
  if (status === 401 || status === 403)
    return ' (are the credentials right, and may they write data planes?)';
  if (status < 400 || status === 404 || status === 405) return ' (is registration.url right?)';
  return '';
}

function nextState(
  before: RegistrationState | undefined,
  problem: string | undefined,
  at: string,
): RegistrationState {
  const state = problem === undefined ? 'ok' : 'retrying';
  const since = before?.state === state ? before.since : at;
  return problem === undefined ? { state: 'ok', since } : { state: 'retrying', since, problem };
}

/** Logs changes only: a control plane that is down for a night must not fill the log. */
function report(
  { connector }: RegistrationTarget,
  { before, next }: { before: RegistrationState | undefined; next: RegistrationState },
  log: Logger,
): void {
  if (next.state === 'retrying') {
    const known = before?.state === 'retrying' ? before.problem : undefined;
    if (next.problem !== known) log.warn({ connector, problem: next.problem }, 'registration failed');
  } else if (before?.state !== 'ok') log.info({ connector }, 'registered at the control plane');
}
