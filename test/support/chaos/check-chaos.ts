import assert from 'node:assert/strict';
import type { FlowRecord } from '../../../src/flow/record.ts';
import { assertNoOpenUploads, nameOf } from '../numbered-flows.ts';
import { waitUntil } from '../wait-until.ts';
import type { World } from '../world.ts';
import type { ChaoticFlow } from './carry-fate.ts';
import type { Fate } from './chaos-template.ts';

/** What a fate must have come to; `job`: whether one stands for it as a tombstone. */
interface Expectation {
  phase?: FlowRecord['outcome']['phase'];
  reason?: RegExp;
  /** Callbacks that the connector accepted. */
  delivered: 0 | 1;
  job: boolean;
  /** What a failed or deleted job has written stays for the operator until retention ends. */
  resultsGone: boolean;
}

const expectations: Record<Fate, Expectation> = {
  plain: { phase: 'succeeded', delivered: 1, job: true, resultsGone: true },
  repeated: { phase: 'succeeded', delivered: 1, job: true, resultsGone: true },
  evicted: { phase: 'succeeded', delivered: 1, job: true, resultsGone: true },
  fails: { phase: 'failed', reason: /^worker-failed$/, delivered: 0, job: true, resultsGone: false },
  empty: { phase: 'failed', reason: /^results-missing$/, delivered: 0, job: true, resultsGone: false },
  // Refused before anything is made of it.
  unknown: { delivered: 0, job: false, resultsGone: true },
  terminated: { phase: 'cancelled', reason: /^transfer-ended$/, delivered: 0, job: true, resultsGone: true },
  // A Job makes no other pod for one that was deleted by hand.
  'pod deleted': {
    phase: 'failed',
    reason: /^attempt-disrupted$/,
    delivered: 0,
    job: true,
    resultsGone: false,
  },
  'job deleted': {
    phase: 'cancelled',
    reason: /^job-deleted$/,
    delivered: 0,
    job: false,
    resultsGone: false,
  },
};

export interface Happened {
  flows: readonly ChaoticFlow[];
  /** Lives of the service that were ended or held up. */
  lives: number;
  seconds: number;
  /** The longest back-off, in seconds. */
  backoffSeconds: number;
}

/** Flows whose tombstones stay, since their results do. */
export function keptFlows(flows: readonly ChaoticFlow[]): Set<string> {
  return new Set(flows.filter(({ fate }) => !expectations[fate].resultsGone).map(({ flow }) => flow));
}

/** Looks at the world alone: cluster, store, and what the connectors have seen. */
export async function checkChaos(world: World, happened: Happened): Promise<void> {
  await waitUntil('every flow to be closed and let go', () => assertJobs(world, happened.flows), {
    deadlineMs: 300_000,
    everyMs: 300,
  });
  for (const one of happened.flows) {
    assertConnector(one, happened);
    await assertRecord(world, one);
  }
  await assertNoOpenUploads(world);
  await assertNoSecrets(world);
}

async function assertJobs(world: World, flows: readonly ChaoticFlow[]): Promise<true> {
  const jobs = await world.namespace.jobs();
  const held = jobs.filter(({ metadata }) => (metadata?.finalizers ?? []).length > 0);
  assert.deepEqual(held.map(nameOf), []);
  const expected = flows.filter(({ fate }) => expectations[fate].job).map(({ flow }) => flow);
  assert.deepEqual(jobs.map(nameOf).sort(), expected.sort());
  return true;
}

function assertConnector({ connector, transferId, fate, flow }: ChaoticFlow, happened: Happened): void {
  const process = connector.process(transferId);
  const { delivered } = expectations[fate];
  const context = `${flow} (${fate}, ${transferId}), ${process.state}`;
  const callbacks = connector.exchanges({ kind: 'callback', transferProcessId: transferId });
  assert.equal(callbacks.filter(({ status }) => status === 204).length, delivered, `${context}: callbacks`);
  assert.equal(process.overtaken, false, context);
  const attempts =
    callbacks.length + connector.exchanges({ kind: 'management', transferProcessId: transferId }).length;
  const most = mostAttempts(happened);
  assert.ok(attempts <= most, `${context}: ${attempts} attempts at a delivery, at most ${most} were due`);
}

/** Each start of the service may start another back-off, which doubles up to its maximum; its jitter is a quarter. */
function mostAttempts({ lives, seconds, backoffSeconds }: Happened): number {
  return (lives + 1) * 6 + Math.ceil(seconds / (0.75 * backoffSeconds));
}

async function assertRecord(world: World, { fate, flow }: ChaoticFlow): Promise<void> {
  const { phase, reason, resultsGone } = expectations[fate];
  const record = await world.bucket.record(flow);
  const context = `${flow} (${fate}): ${JSON.stringify(record?.outcome)}`;
  assert.equal(record?.outcome.phase, phase, context);
  if (reason !== undefined) assert.match(reasonOf(record), reason, context);
  if (resultsGone) assert.deepEqual(await world.bucket.results(flow), [], context);
}

function reasonOf(record: FlowRecord | undefined): string {
  return record !== undefined && 'reason' in record.outcome ? record.outcome.reason : '';
}

/** Neither in what the services have said, nor in what is kept of the flows. */
async function assertNoSecrets(world: World): Promise<void> {
  const jobs = (await world.namespace.jobs()).map((job) => JSON.stringify(job));
  const records = await Promise.all(
    (await world.bucket.keys()).map(
      async (key) => `${key} ${(await world.bucket.read(key)).toString('latin1')}`,
    ),
  );
  const said = world.services.flatMap(({ log }) => log);
  for (const secret of world.secrets)
    for (const text of [...jobs, ...records, ...said])
      assert.ok(!text.includes(secret), `a secret is in ${text.slice(0, 500)}`);
}
