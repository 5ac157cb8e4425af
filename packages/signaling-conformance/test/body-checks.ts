import { isObject } from '../src/failure.ts';
import { httpPull, type Creation, type FlowKind, type FlowMessage } from '../src/protocol.ts';
import type { Fault, Rules } from './rules.ts';

type Members = Record<string, unknown>;

export interface ReceivedBody {
  text: string;
  body: unknown;
  contentType: string | undefined;
}

/** How a `prepare` or `start` is refused, or undefined. */
export function findCreationFault(
  { faults, required }: Rules,
  verb: Creation,
  body: unknown,
): { status: number; body?: object } | undefined {
  if (!isObject(body)) return { status: faults.has(`fails at a ${verb} that is no object`) ? 500 : 400 };
  const without = required[verb].find((name) =>
    name === 'profile' ? profileOf(body) === '' : typeof body[name] !== 'string',
  );
  if (without !== undefined) return { status: 400, body: { title: `${without}: expected a string` } };
  return refusesMembers({ faults }, verb, body) ? { status: 400 } : undefined;
}

function refusesMembers({ faults }: Pick<Rules, 'faults'>, verb: Creation, body: Members): boolean {
  const direction = /-(pull|push)$/.exec(profileOf(body));
  const reasons: [Fault, boolean][] = [
    [`refuses null in ${verb}`, Object.values(body).includes(null)],
    [`refuses unknown members of ${verb}`, 'future' in body],
    [`reads no transferType of ${verb}`, 'transferType' in body],
  ];
  return (
    reasons.some(([fault, applies]) => applies && faults.has(fault)) ||
    (profileOf(body) !== '' && direction === null && !faults.has(`accepts any profile of ${verb}`)) ||
    (verb === 'start' && refusesAddress({ faults }, kindOf(verb, body), body['dataAddress']))
  );
}

function refusesAddress({ faults }: Pick<Rules, 'faults'>, kind: FlowKind, address: unknown): boolean {
  return kind === 'provider-pull'
    ? isObject(address) && !faults.has('accepts an address of a pull')
    : !isObject(address) && !faults.has('starts a push without an address');
}

/** Whether the body of a message to a flow is refused. */
export function refusesMessage(
  { faults }: Rules,
  { kind, profile, message }: { kind: FlowKind; profile: string; message: FlowMessage },
  { text, body, contentType }: ReceivedBody,
): boolean {
  if (!isObject(body)) return true;
  const direction = kind.endsWith('pull') ? 'pull' : 'push';
  const reasons: [Fault, boolean][] = [
    ['refuses null in messages', Object.values(body).includes(null)],
    [`wants a body of completed of a ${direction}`, message === 'completed' && text === ''],
    ['wants JSON in completed', message === 'completed' && contentType === 'text/plain'],
    ['wants a body of started', message === 'started' && text === ''],
  ];
  if (reasons.some(([fault, applies]) => applies && faults.has(fault))) return true;
  const { dataAddress } = body;
  return (
    message === 'started' &&
    isObject(dataAddress) &&
    refusesStartedAddress({ faults }, { kind, profile }, dataAddress)
  );
}

function refusesStartedAddress(
  { faults }: Pick<Rules, 'faults'>,
  { kind, profile }: { kind: FlowKind; profile: string },
  address: Members,
): boolean {
  if (kind === 'consumer-push') return faults.has('refuses an address of a started push');
  if (profile !== httpPull) return false;
  return JSON.stringify(address).includes('refreshToken')
    ? faults.has('refuses every address of the HTTP profile')
    : !faults.has('accepts an address without renewal');
}

export function profileOf({ profile, transferType }: Members): string {
  const name = profile ?? transferType;
  return typeof name === 'string' ? name : '';
}

export function kindOf(verb: Creation, body: Members): FlowKind {
  return `${verb === 'prepare' ? 'consumer' : 'provider'}-${profileOf(body).endsWith('push') ? 'push' : 'pull'}`;
}
