import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { ConnectorSimulator, TransferProcess } from 'connector-simulator';
import { flowLabel } from '../../src/flow/labels.ts';
import type { ConnectorOptions } from './start-world.ts';
import { waitUntil } from './wait-until.ts';
import type { World } from './world.ts';

/** For one flow on a machine that does much else. */
const deadlineMs = 900_000;

/** A template for `startWorld` that serves so many assets, each of which gives a result of its own. */
export function numberedTemplate(count: number): Record<string, Record<string, string>> {
  const assets = Array.from({ length: count }, (_, number) => ({
    id: assetOf(number),
    parameters: { NUMBER: number },
  }));
  const template = {
    description: 'A line with a number of its own.',
    assets,
    parameters: { properties: { NUMBER: { type: 'integer' } }, required: ['NUMBER'] },
    results: { directory: '/results', storage: { size: '16Mi' } },
  };
  const script = `printf 'the result of flow %s\\n' "$NUMBER" > "$RESULT_DIRECTORY/number.txt"`;
  const job = numberedJob('numbered', script);
  // YAML takes JSON as it is.
  return { numbered: { 'template.yaml': JSON.stringify(template), 'job.yaml': JSON.stringify(job) } };
}

export function numberedJob(name: string, script: string): object {
  const worker = {
    name: 'worker',
    image: 'busybox:1.37',
    command: ['sh', '-euc', script],
    resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '1', memory: '64Mi' } },
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [worker] } } },
  };
}

function assetOf(number: number): string {
  return `number-${number}`;
}

/**
 * A whole transfer: asked for, called back, fetched by a consumer that asks again when the source is dead, deprovisioned. Throws
 * if it is terminated, or if the consumer's bytes are not those of this flow.
 */
export async function carryOut(
  connector: ConnectorSimulator,
  number: number,
  signal: AbortSignal,
): Promise<TransferProcess> {
  const { id } = connector.startTransfer({ assetId: assetOf(number), mode: 'pull' });
  return await fetchResult(connector, { id, number }, signal);
}

/** From the request on: called back, fetched by a consumer that asks again when the source is dead, deprovisioned. */
export async function fetchResult(
  connector: ConnectorSimulator,
  { id, number }: { id: string; number: number },
  signal: AbortSignal,
): Promise<TransferProcess> {
  const patience = { deadlineMs, signal };
  const { state } = await connector.waitFor(id, (one) => settled.includes(one.state), patience);
  assert.equal(state, 'STARTED', `flow ${number}: ${connector.process(id).errorDetail ?? ''}`);
  await waitUntil(`the result of flow ${number}`, () => connector.pull(id), {
    ...patience,
    everyMs: 200,
  });
  const received = connector.received(id).at(-1);
  assert.ok(received !== undefined);
  assert.equal(await readFile(received.path, 'utf8'), `the result of flow ${number}\n`);
  connector.complete(id);
  return await connector.waitFor(id, 'DEPROVISIONED', patience);
}

const settled = ['STARTED', 'TERMINATED'];

/**
 * For `startWorld`: as many connectors as flows are under way at a time, since each has one thread, and one that is cut off keeps all
 * of its transfers waiting. They ask again soon, since the services of tests are given little time to hear of it.
 */
export function connectorOfLane(lane: number): ConnectorOptions {
  return {
    name: `lane-${lane}`,
    version: '0.15.1',
    iterationWaitMillis: 50,
    retryDelaysMillis: [0, 50, 100, 200],
  };
}

interface Load {
  flows: number;
  /** So many are under way at a time. */
  atOnce: number;
  carry: (number: number, lane: number, signal: AbortSignal) => Promise<void>;
  /** Happens meanwhile; both signals abort when something has failed. */
  disturb: (signal: AbortSignal) => Promise<void>;
}

/** Carries all of them out while something happens to the service; ends with the first thing that fails. */
export async function carryOutAll({ flows, atOnce, carry, disturb }: Load): Promise<void> {
  const failed = new AbortController();
  const numbers = Array.from({ length: flows }, (_, number) => number).values();
  async function work(lane: number): Promise<void> {
    for (const number of numbers) {
      if (failed.signal.aborted) return;
      await carry(number, lane, failed.signal);
    }
  }
  const lanes = Array.from({ length: atOnce }, (_, lane) => work(lane));
  const all = [...lanes, disturb(failed.signal)];
  await Promise.all(
    all.map((one) =>
      one.catch((error: unknown) => {
        failed.abort(error);
        throw error;
      }),
    ),
  );
}

/** Each of the flows has one Job that ran once, one callback that was accepted, its record, and nothing else in the store. */
export async function assertOneEach(
  world: World,
  flows: ReadonlyMap<string, { transfer: TransferProcess; connector: ConnectorSimulator }>,
): Promise<void> {
  const jobs = await waitUntil('all flows to be closed', async () => {
    const found = await world.namespace.jobs();
    assert.deepEqual(found.filter(isHeld).map(nameOf), []);
    // A Job controller counts a pod seconds after it has ended, and the flow does not wait for that.
    assert.deepEqual(found.filter(({ status }) => status?.succeeded !== 1).map(nameOf), []);
    return found;
  });
  assert.deepEqual(jobs.map(nameOf).sort(), [...flows.keys()].sort());
  assert.deepEqual(jobs.filter(({ status }) => (status?.failed ?? 0) > 0).map(nameOf), []);
  for (const [flow, { transfer, connector }] of flows) {
    const callbacks = connector.exchanges({ kind: 'callback', transferProcessId: transfer.id });
    assert.equal(
      callbacks.filter(({ status }) => status === 204).length,
      1,
      `${flow}: one accepted callback`,
    );
    assert.equal(transfer.overtaken, false, flow);
    const record = await world.bucket.record(flow);
    assert.equal(record?.outcome.phase, 'succeeded', flow);
    assert.deepEqual(await world.bucket.results(flow), [], flow);
  }
  await assertNoOpenUploads(world);
}

function isHeld({ metadata }: { metadata?: { finalizers?: string[] } }): boolean {
  return (metadata?.finalizers ?? []).length > 0;
}

export function nameOf({ metadata }: { metadata?: { name?: string } }): string {
  return metadata?.name ?? '';
}

export async function assertNoOpenUploads({ bucket }: World): Promise<void> {
  const open: string[] = [];
  const found = bucket.client.listIncompleteUploads(bucket.name, '', true) as AsyncIterable<{ key: string }>;
  for await (const { key } of found) open.push(key);
  assert.deepEqual(open, []);
}

/** When the tombstones' time is over as well: no Job, pod, ConfigMap or Secret of any flow but of those whose results are still kept. */
export async function assertNothingLeft(
  { namespace }: World,
  kept: ReadonlySet<string> = new Set(),
): Promise<void> {
  const { jobs, pods, configMaps, secrets } = namespace.cluster;
  const signal = AbortSignal.timeout(deadlineMs);
  for (const [kind, client] of Object.entries({ jobs, pods, configMaps, secrets })) {
    await waitUntil(
      `no ${kind} of flows to be left`,
      async () => {
        const { items } = await client.list({ labelSelector: flowLabel }, signal);
        const left = items.filter(({ metadata }) => !kept.has(metadata?.labels?.[flowLabel] ?? ''));
        assert.deepEqual(left.map(nameOf), []);
        return true;
      },
      { deadlineMs, everyMs: 500 },
    );
  }
}
