import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { TestContext } from 'node:test';
import type { ConnectorSimulator } from 'connector-simulator';
import type { ProxyHooks, SeenRequest } from './counting-proxy.ts';
import type { ServiceProcess } from './service-process.ts';
import { startWatchedWorld, type WatchedWorld } from './start-watched-world.ts';
import { seededRandom } from './seeded-random.ts';
import { waitUntil } from './wait-until.ts';

export type Moment = 'before' | 'after';

/** A flow has some forty requests; one that has many more goes round in circles. */
const mostRequests = 150;

/** Worlds at once: most of a transfer is waiting for pods. */
const lanes = 2;

/**
 * A new transfer for each n, during which the service is killed right before (or after) its n-th request to API server, store or
 * callback, and started again. `TEST_KILLS` says at how many requests: a seeded sample (`TEST_SEED`), spread over a whole transfer;
 * without it, or with `all`, at each one, until a whole transfer has fewer requests than n.
 */
export async function killAtRequests(t: TestContext, moment: Moment): Promise<void> {
  const wanted = process.env['TEST_KILLS'] ?? 'all';
  const stages = await Promise.all(Array.from({ length: lanes }, () => setStage(t, moment)));
  const sampled = wanted === 'all' ? undefined : await sample(stages, Number(wanted));
  const numbers = (sampled ?? Array.from({ length: mostRequests }, (_, index) => index + 1)).values();
  const past: number[] = [];
  const failures: unknown[] = [];
  async function runLane(stage: Stage): Promise<void> {
    for (const n of numbers) {
      if (past.length + failures.length > 0) return;
      if ((await transferKilledAt(stage, n)) === undefined) past.push(n);
    }
  }
  // A lane ends with its transfer when another has failed: nothing may go on behind the test.
  await Promise.all(stages.map((stage) => runLane(stage).catch((error: unknown) => failures.push(error))));
  if (failures.length > 0) throw failures[0];
  if (sampled !== undefined) t.diagnostic(`killed ${moment} requests ${sampled.join(', ')}`);
  else t.diagnostic(`killed ${moment} each of ${lastOf(past)} requests`);
}

function lastOf(past: readonly number[]): number {
  assert.ok(past.length > 0, `a transfer with more than ${mostRequests} requests`);
  const last = Math.min(...past) - 1;
  assertSeen(last);
  return last;
}

function assertSeen(requests: number): void {
  assert.ok(requests >= 20, `only ${requests} requests were seen: the proxies are not in the way`);
}

/** One request out of each of so many equal parts of a transfer. */
async function sample([stage]: Stage[], count: number): Promise<number[]> {
  assert.ok(stage !== undefined && count > 0, `TEST_KILLS: expected "all" or a number above 0`);
  assert.equal(await transferKilledAt(stage, Infinity), undefined);
  const total = stage.killer.seen;
  assertSeen(total);
  const random = seededRandom(Number(process.env['TEST_SEED'] ?? 1));
  return Array.from({ length: count }, (_, part) => Math.floor(((part + random()) * total) / count) + 1);
}

interface Stage extends WatchedWorld {
  killer: Killer;
}

async function setStage(t: TestContext, moment: Moment): Promise<Stage> {
  const killer = new Killer(moment);
  const watched = await startWatchedWorld(t, killer, '0.15.1');
  killer.service = watched.service;
  await watched.service.start();
  return { ...watched, killer };
}

/** Counts the service's requests from `arm` on, and ends it at the n-th. */
class Killer implements ProxyHooks {
  service: ServiceProcess | undefined;
  killedAt: SeenRequest | undefined;
  private readonly moment: Moment;
  private count = 0;
  private victim = Infinity;
  private killing: Promise<void> | undefined;

  constructor(moment: Moment) {
    this.moment = moment;
  }

  /** Since it was armed. */
  get seen(): number {
    return this.count;
  }

  arm(n: number): void {
    this.count = 0;
    this.victim = n;
    this.killedAt = undefined;
  }

  /** From here on nothing is killed; a kill that has begun is awaited, so that nobody takes a dying service for a living one. */
  async disarm(): Promise<void> {
    this.victim = Infinity;
    await this.killing;
    this.killing = undefined;
  }

  async before(request: SeenRequest & { number?: number }): Promise<boolean> {
    this.count += 1;
    request.number = this.count;
    return this.moment === 'before' && request.number === this.victim ? await this.kill(request) : true;
  }

  async after(request: SeenRequest & { number?: number }): Promise<boolean> {
    return this.moment === 'after' && request.number === this.victim ? await this.kill(request) : true;
  }

  private async kill(request: SeenRequest): Promise<false> {
    this.victim = Infinity;
    this.killedAt = request;
    this.killing = this.service?.kill();
    await this.killing;
    return false;
  }
}

/** One transfer; what it was killed at, or undefined if it had fewer requests. */
async function transferKilledAt(
  { world, service, connector, killer }: Stage,
  n: number,
): Promise<SeenRequest | undefined> {
  killer.arm(n);
  const transfer = connector.startTransfer({ assetId: 'echo' });
  const flow = world.flowOf(transfer);
  async function isOver(): Promise<boolean> {
    const { state, deprovisionAskedAt, resultsDeletedAt } = (await world.namespace.flow(flow)) ?? {};
    return state === 'closed' && deprovisionAskedAt !== undefined && resultsDeletedAt !== undefined;
  }
  await waitUntil(`request ${n} or the end of ${flow}`, async () => killer.killedAt ?? (await isOver()));
  await killer.disarm();
  if (killer.killedAt !== undefined) await service.start();
  const context = `killed at request ${n}: ${JSON.stringify(killer.killedAt)}`;
  await waitUntil(`the end of ${flow}, ${context}`, isOver);
  await assertEndedWell({ world, connector }, transfer, context);
  return killer.killedAt;
}

async function assertEndedWell(
  { world, connector }: Pick<Stage, 'world' | 'connector'>,
  transfer: { id: string; resourceDefinitionId: string },
  context: string,
): Promise<void> {
  const flow = world.flowOf(transfer);
  const process = connector.process(transfer.id);
  assert.equal(process.state, 'DEPROVISIONED', context);
  assert.equal(process.overtaken, false, context);
  const callbacks = connector.exchanges({ kind: 'callback', transferProcessId: transfer.id });
  assert.equal(callbacks.filter(({ status }) => status === 204).length, 1, context);
  await assertFetched(connector, transfer.id, context);
  // A Job controller counts a pod seconds after it has ended, and the flow does not wait for that.
  const jobs = await waitUntil(`the Job of ${flow} to be counted, ${context}`, async () => {
    const found = (await world.namespace.jobs()).filter(({ metadata }) => metadata?.name === flow);
    return found.every(({ status }) => status?.succeeded === 1) && found;
  });
  assert.equal(jobs.length, 1, context);
  const record = await world.bucket.record(flow);
  assert.equal(record?.outcome.phase, 'succeeded', context);
  assert.deepEqual(await world.bucket.results(flow), [], context);
}

/**
 * The consumer has its bytes, once and whole; or the connector, which gives up on a source soon, asked while the one replica there
 * is was dead: it had the callback, and that is what can be promised with one replica.
 */
async function assertFetched(connector: ConnectorSimulator, id: string, context: string): Promise<void> {
  const [received, ...others] = connector.received(id);
  assert.equal(others.length, 0, context);
  if (received !== undefined) {
    assert.equal(await readFile(received.path, 'utf8'), 'hello from the worker: ä ö ü €\n', context);
    return;
  }
  const asked = connector.exchanges({ kind: 'source', transferProcessId: id });
  const answered = asked.filter(({ status }) => status !== undefined);
  assert.deepEqual(answered, [], `${context}: the source was alive`);
}
