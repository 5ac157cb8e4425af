import { ServiceError } from '../errors.ts';
import { readRecordIndexKey, recordDayPrefix, recordIndexPrefix, type RecordedFlow } from '../flow/keys.ts';
import { viewOfFlow, viewOfRecord, type Viewing } from './find-flow.ts';
import type { FlowPage, FlowQuery, FlowView, RequestDependencies } from './flow-service.ts';
import { readRecord } from './stored-record.ts';

type Dependencies = Pick<RequestDependencies, 'store' | 'now'> & Viewing;

/** Flows that one page looks at: with a filter it may be shorter than wanted, and the next one continues. */
const flowLimit = 500;
/** Days that one page looks at. Each costs a request. */
const dayLimit = 40;
const recordsAtOnce = 16;
const dayMillis = 86_400_000;

/**
 * The latest first, by time of acceptance and name. These never change, so that a page stays the same whatever was accepted or has ended
 * since. Open flows come from this replica's cache, ended ones from their records.
 */
export async function listFlows(
  deps: Dependencies,
  query: FlowQuery,
  signal: AbortSignal,
): Promise<FlowPage> {
  const open = readOpen(deps);
  const days = await findDays(deps, { query, open }, signal);
  const flows: FlowView[] = [];
  let seen = 0;
  let last: RecordedFlow | undefined;
  for (const day of days.slice(0, dayLimit)) {
    const places = await listDay(deps, { query, open, day }, signal);
    for await (const { place, view } of readViews(deps, { places, open }, signal)) {
      if (last !== undefined && (flows.length === query.limit || seen === flowLimit))
        return { flows, next: last };
      last = place;
      seen += 1;
      if (view !== undefined && query.matches(view)) flows.push(view);
    }
  }
  const oldest = days.at(dayLimit - 1);
  return days.length <= dayLimit || oldest === undefined
    ? { flows }
    : { flows, next: { acceptedAt: oldest, flow: '' } };
}

type OpenFlows = ReadonlyMap<string, FlowView>;

function readOpen({ observed, maxRunning }: Dependencies): OpenFlows {
  const cache = observed.current();
  if (cache === undefined)
    throw new ServiceError('unavailable', 'this replica has not read the flows of the cluster yet');
  return new Map(
    [...cache.flows()].map((flow) => [flow.name, viewOfFlow(flow, cache.attempts(flow.name), maxRunning)]),
  );
}

/**
 * The starts of the days (RFC 3339) on which listed flows can have been accepted, the latest first: those of one page, and one more if there
 * are more. A query may name any time, so it bounds nothing.
 */
async function findDays(
  { store, now }: Dependencies,
  { query: { before, since }, open }: { query: FlowQuery; open: OpenFlows },
  signal: AbortSignal,
): Promise<string[]> {
  const times = Array.from(open.values(), ({ request }) => request.acceptedAt);
  const oldest = await findOldest({ store }, signal);
  if (oldest !== undefined) times.push(oldest);
  const [earliest] = times.sort();
  if (earliest === undefined) return [];
  const from = startOfDay(latestOf(earliest, since ?? earliest));
  const latest = latestOf(now().toISOString(), ...times);
  const to = startOfDay(before === undefined || before.acceptedAt > latest ? latest : before.acceptedAt);
  const days: string[] = [];
  for (let day = Date.parse(to); day >= Date.parse(from) && days.length <= dayLimit; day -= dayMillis)
    days.push(new Date(day).toISOString());
  return days;
}

async function findOldest(
  { store }: Pick<Dependencies, 'store'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  for await (const { key } of store.list(recordIndexPrefix, signal)) {
    const place = readRecordIndexKey(key);
    if (place !== undefined) return place.acceptedAt;
  }
  return undefined;
}

/** The places of one day's flows that the query does not exclude, the latest first. */
async function listDay(
  { store }: Dependencies,
  { query: { before, since }, open, day }: { query: FlowQuery; open: OpenFlows; day: string },
  signal: AbortSignal,
): Promise<RecordedFlow[]> {
  const places = new Map<string, RecordedFlow>();
  for await (const { key } of store.list(recordDayPrefix(day), signal)) {
    const place = readRecordIndexKey(key);
    if (place !== undefined) places.set(place.flow, place);
  }
  for (const [flow, { request }] of open)
    if (startOfDay(request.acceptedAt) === day) places.set(flow, { flow, acceptedAt: request.acceptedAt });
  return [...places.values()]
    .filter((place) => before === undefined || comparePlaces(place, before) < 0)
    .filter(({ acceptedAt }) => since === undefined || acceptedAt >= since)
    .sort((a, b) => comparePlaces(b, a));
}

/** Reads a few records at once, in the order of the places. */
async function* readViews(
  { store }: Dependencies,
  { places, open }: { places: readonly RecordedFlow[]; open: OpenFlows },
  signal: AbortSignal,
): AsyncGenerator<{ place: RecordedFlow; view: FlowView | undefined }> {
  async function read(place: RecordedFlow): Promise<{ place: RecordedFlow; view: FlowView | undefined }> {
    const known = open.get(place.flow);
    if (known !== undefined) return { place, view: known };
    const record = await readRecord(store, place.flow, signal);
    return { place, view: record && viewOfRecord(record) };
  }
  for (let at = 0; at < places.length; at += recordsAtOnce)
    yield* await Promise.all(places.slice(at, at + recordsAtOnce).map(read));
}

function comparePlaces(a: RecordedFlow, b: RecordedFlow): number {
  if (a.acceptedAt !== b.acceptedAt) return a.acceptedAt < b.acceptedAt ? -1 : 1;
  return a.flow < b.flow ? -1 : Number(a.flow > b.flow);
}

function latestOf(first: string, ...others: string[]): string {
  return others.reduce((latest, time) => (time > latest ? time : latest), first);
}

function startOfDay(time: string): string {
  return `${time.slice(0, 10)}T00:00:00.000Z`;
}
