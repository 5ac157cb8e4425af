import type { TransferPoll, TransferState } from '../../reconciler/types.ts';
import type { Answer } from '../deliver-message.ts';
import type { TransferQuery } from '../dialect.ts';
import { buildTransferQuery, transferQueryUrl, type ManagementApi } from './management-messages.ts';
import { sendWithAccess, type Access } from './management-access.ts';
import { namespace } from './names.ts';
import { isEndState, isStarted, isWaiting } from './process-states.ts';

/** One poll of a connector with a management API. */
export interface TransferProcessQuery extends Pick<
  TransferQuery<object>,
  'flows' | 'count' | 'timeoutMillis' | 'dispatcher'
> {
  api: ManagementApi;
  access: Access;
  /** The member of a flow's ids that names its transfer process. */
  processId: string;
}

/** Processes in one request: the list of their ids stays short for the connector's database and its log. */
export const chunkSize = 100;

/** A process needs one or two KiB, and more if a consumer has a long destination. */
const answerLimit = 4 * 1024 * 1024;

/**
 * Queries the connector's management API for the states of the flows' processes: one request for each hundred of them, one after the other,
 * and none after the first that fails. Throws only when `signal` aborts.
 */
export async function pollTransfers(query: TransferProcessQuery, signal: AbortSignal): Promise<TransferPoll> {
  const states = new Map<string, TransferState>();
  // A Job that was damaged by hand must not prevent the query for the others.
  const known = query.flows.flatMap(({ name, request }) => {
    const id = (request as { ids?: Record<string, unknown> }).ids?.[query.processId];
    return typeof id === 'string' ? [{ name, id }] : [];
  });
  for (let from = 0; from < known.length; from += chunkSize) {
    const flows = known.slice(from, from + chunkSize);
    const answer = await queryStates(query, [...new Set(flows.map(({ id }) => id))], signal);
    query.count?.('states' in answer ? 'answered' : 'failed');
    if ('problem' in answer) return { states, problem: answer.problem };
    for (const { name, id } of flows) states.set(name, judge(answer.states.get(id)));
  }
  return { states };
}

type ReadAnswer = { states: Map<string, string> } | { problem: string };

async function queryStates(
  {
    api,
    access,
    timeoutMillis,
    dispatcher,
  }: Pick<TransferProcessQuery, 'api' | 'access' | 'timeoutMillis' | 'dispatcher'>,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReadAnswer> {
  const body = buildTransferQuery(api.managementVersion, ids);
  const url = transferQueryUrl(api);
  const found = readTransfers(
    await sendWithAccess({ url, body, timeoutMillis, dispatcher, answerLimit }, access, signal),
  );
  if ('problem' in found || found.states.keys().every((id) => ids.includes(id))) return found;
  // A list of all transfers, cut at the limit, does not show which ones are missing.
  return {
    problem: 'answered 200 with transfer processes that were not queried: the filter was not applied',
  };
}

/** States by id. Keeps only ids and states, since an answer may hold a consumer's destination and its credentials. */
export function readTransfers(answer: Answer): ReadAnswer {
  if (answer.got === 'nothing') return { problem: answer.problem };
  if (answer.status !== 200) return { problem: `answered ${answer.status}${advice(answer.status)}` };
  const list = parseList(answer.body);
  if (list === undefined) return { problem: 'answered 200 without a list of transfer processes' };
  const states = list.map((item) => [readText(item, idNames), readText(item, stateNames)] as const);
  const named = states.filter(
    (entry): entry is [string, string] => entry[0] !== undefined && entry[1] !== undefined,
  );
  // A list with unreadable items does not show which transfers are missing.
  if (named.length < states.length)
    return { problem: 'answered 200 with transfer processes without @id or state' };
  return { states: new Map(named) };
}

function advice(status: number): string {
  if (status === 401 || status === 403)
    return ': are the credentials of the management API right, and may they read transfer processes?';
  if (status < 400 || status === 404 || status === 405)
    return ': are managementUrl and managementVersion right?';
  return '';
}

function parseList(body: string): object[] | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return Array.isArray(value) && value.every(isObject) ? value : undefined;
  } catch {
    // Also an answer longer than the limit, which was cut.
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const idNames = ['@id', 'id'];
const stateNames = ['state', 'edc:state', `${namespace}state`];

/** Releases compact their JSON-LD with different contexts. */
function readText(item: object, names: readonly string[]): string | undefined {
  const members = item as Record<string, unknown>;
  const value = names.map((name) => unwrap(members[name])).find((found) => found !== undefined);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function unwrap(value: unknown): unknown {
  const [one] = Array.isArray(value) ? (value as unknown[]) : [value];
  return isObject(one) ? (one as { '@value'?: unknown })['@value'] : one;
}

/** Other states are `open`, even if they are unexpected: the answer to the callback decides at the end. */
function judge(state: string | undefined): TransferState {
  if (state === undefined) return { is: 'missing' };
  if (isEndState(state)) return { is: 'ended', state: state.toUpperCase() };
  if (isWaiting(state)) return { is: 'waiting' };
  return isStarted(state) ? { is: 'started', state: state.toUpperCase() } : { is: 'open' };
}
