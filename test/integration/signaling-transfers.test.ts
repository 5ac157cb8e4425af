import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import {
  startHttpSink,
  type HttpSink,
  type SignalingSimulator,
  type SignalingTransfer,
} from 'connector-simulator';
import type { FlowRecord } from '../../src/flow/record.ts';
import { mostAttempts } from '../support/attempt-bound.ts';
import { numberedJob } from '../support/numbered-flows.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

const content = Buffer.from('hello from the worker: ä ö ü €\n');
const sha256 = createHash('sha256').update(content).digest('hex');

const atOnce = {
  description: 'One small file, for a transfer that starts at once.',
  results: { directory: '/results', storage: { size: '16Mi' } },
  start: 'at-once',
};
const templates = {
  'at-once': {
    'template.yaml': JSON.stringify(atOnce),
    'job.yaml': JSON.stringify(numberedJob('at-once', `printf at-once > "$RESULT_DIRECTORY/file.txt"`)),
  },
};

/** The quick settings of the tests. */
const backoff = { firstMillis: 100, maxMillis: 500 };

class Scene {
  readonly world: World;
  readonly name: string;
  readonly connector: SignalingSimulator;

  constructor(world: World, name: string) {
    this.world = world;
    this.name = name;
    this.connector = world.signaling(name);
  }

  pull(assetId = 'echo'): string {
    return this.connector.startTransfer({ assetId }).id;
  }

  push(sink: HttpSink): string {
    return this.connector.startTransfer({ assetId: 'echo', mode: 'push', dataAddress: sink.address() }).id;
  }

  /** Until it stands in the state: it may have been there before. */
  async in(id: string, state: SignalingTransfer['state']): Promise<SignalingTransfer> {
    return await this.connector.waitFor(id, (transfer) => transfer.state === state);
  }

  async record(id: string): Promise<FlowRecord> {
    const flow = this.world.dataFlowOf({ id }, this.name);
    return await waitUntil(`the record of ${flow}`, () => this.world.bucket.record(flow));
  }

  /** How often a callback took effect. On a starved machine an answer may be late, and the callback is sent again. */
  taken(id: string, name: string): number {
    const all = this.connector.exchanges({ kind: 'callback', transferProcessId: id });
    return all.filter(({ target, status }) => target.endsWith(`/${name}`) && status === 200).length;
  }

  async deleted(id: string): Promise<void> {
    const flow = this.world.dataFlowOf({ id }, this.name);
    await waitUntil('the results are deleted', async () => {
      return (await this.world.bucket.results(flow)).length === 0;
    });
  }

  async jobs(id: string): Promise<number> {
    const flow = this.world.dataFlowOf({ id }, this.name);
    return (await this.world.namespace.jobs()).filter(({ metadata }) => metadata?.name === flow).length;
  }
}

async function startSink(t: TestContext): Promise<HttpSink> {
  const sink = await startHttpSink({ token: 'token-of-the-sink' });
  t.after(() => sink.stop());
  return sink;
}

const title = 'control planes drive the service as their data plane';
test(title, { concurrency: true }, async (t) => {
  const release = '0.18.0-signaling';
  const world = await startWorld(t, {
    templates,
    signaling: [
      { name: 'edc', release },
      { name: 'dropping', release },
      { name: 'down', release },
      { name: 'lossy', release },
      { name: 'terminating', release, managed: true, settings: { onFailure: 'terminate' } },
    ],
  });
  await Promise.all([
    t.test('a pull that starts at once has the address of its answer, until it is terminated', () =>
      startAtOnce(new Scene(world, 'edc')),
    ),
    t.test('a start for an unknown asset ends the transfer with the reason, and makes no job', () =>
      refuse(new Scene(world, 'edc')),
    ),
    t.test(
      'a start whose answers were lost makes one job, and a termination while it runs leaves nothing',
      () => terminateWhileRunning(new Scene(world, 'dropping')),
    ),
    t.test(
      'a control plane that is down gets a bounded number of callbacks, and each one once it is back',
      () => surviveOutages(t, new Scene(world, 'down')),
    ),
    t.test('a push goes on and ends when the answers to both of its callbacks are lost', () =>
      loseAnswers(t, new Scene(world, 'lossy')),
    ),
    t.test('a worker that fails terminates both sides, where the management API may be used', async () => {
      const scene = new Scene(world, 'terminating');
      const id = scene.pull('exit-1');
      const { errorDetail, counterparty, sent } = await scene.in(id, 'TERMINATED');
      assert.match(errorDetail ?? '', /^worker-failed: /);
      assert.ok(counterparty.state === 'TERMINATED' && sent.terminate > 0);
      await scene.deleted(id);
    }),
  ]);
});

async function startAtOnce(scene: Scene): Promise<void> {
  const { connector } = scene;
  const id = scene.pull('at-once');
  await scene.in(id, 'STARTED');
  await waitUntil('the results are there', async () => (await connector.pull(id)).status === 200);
  await suspendAndResume(scene, id);
  assert.ok(connector.terminate(id, { by: 'counterparty' }));
  await scene.in(id, 'TERMINATED');
  assert.equal((await connector.pull(id)).status, 410);
  await scene.deleted(id);
  assert.equal(connector.process(id).received.started, 0, 'the answer has announced it');
}

async function refuse(scene: Scene): Promise<void> {
  const id = scene.pull('unknown');
  const { errorDetail, counterparty, sent } = await scene.in(id, 'TERMINATED');
  assert.match(errorDetail ?? '', /^Data-plane responded with 404 .*template/s);
  assert.deepEqual([counterparty.state, sent.terminate, await scene.jobs(id)], ['TERMINATED', 0, 0]);
}

async function suspendAndResume({ connector, ...scene }: Scene, id: string): Promise<void> {
  const before = await connector.pull(id);
  assert.ok(connector.suspend(id, { by: 'counterparty' }));
  await connector.waitFor(id, ({ state }) => state === 'SUSPENDED');
  assert.equal((await connector.pull(id)).status, 403, scene.name);
  assert.ok(connector.resume(id));
  await connector.waitFor(id, ({ state }) => state === 'STARTED');
  const after = await connector.pull(id);
  assert.deepEqual([after.status, after.sha256], [200, before.sha256]);
}

async function terminateWhileRunning(scene: Scene): Promise<void> {
  const { world, connector } = scene;
  connector.dropAnswers(2);
  const id = scene.pull('gated');
  const { sent } = await scene.in(id, 'STARTUP_REQUESTED');
  assert.ok(sent.start >= 3);
  await waitUntil('the worker runs', () => world.gate.asked > 0);
  assert.equal(await scene.jobs(id), 1);
  assert.ok(connector.terminate(id, { by: 'counterparty', reason: 'no longer wanted' }));
  await scene.in(id, 'TERMINATED');
  const { outcome } = await scene.record(id);
  assert.deepEqual([outcome.phase, connector.process(id).received.started], ['cancelled', 0]);
  await scene.deleted(id);
}

/** It is down when the results are ready, and again when they are sent. */
async function surviveOutages(t: TestContext, scene: Scene): Promise<void> {
  const { world, connector } = scene;
  const sink = await startSink(t);
  const start = performance.now();
  const id = scene.push(sink);
  await connector.waitFor(id, 'STARTUP_REQUESTED');
  const flow = world.dataFlowOf({ id }, scene.name);
  async function fail(what: string): Promise<void> {
    await connector.goDown();
    await waitUntil(`${what} fails twice`, () => failedCalls(world, flow, what) >= 2);
    await connector.comeBack();
  }
  await fail('outcome');
  await scene.in(id, 'STARTED');
  await fail('completion');
  await scene.in(id, 'COMPLETED');
  const { delivery, completion } = await scene.record(id);
  const most = mostAttempts(performance.now() - start, backoff);
  for (const { attempts = 0 } of [delivery, completion ?? {}])
    assert.ok(attempts > 2 && attempts <= most, `${attempts} attempts, not ${most}`);
  assert.deepEqual([scene.taken(id, 'started'), scene.taken(id, 'completed')], [1, 1]);
  assert.deepEqual(
    sink.uploads.map(({ status, sha256 }) => [status, sha256]),
    [[200, sha256]],
  );
}

/** The control plane has taken both callbacks, and refuses their repeats. */
async function loseAnswers(t: TestContext, scene: Scene): Promise<void> {
  const { connector } = scene;
  const sink = await startSink(t);
  connector.misbehave('callback', { kind: 'close', applied: true }, 1);
  const id = scene.push(sink);
  await scene.in(id, 'STARTED');
  await sink.waitFor();
  connector.misbehave('callback', { kind: 'close', applied: true }, 1);
  await scene.in(id, 'COMPLETED');
  const { push, delivery, completion, protocol } = await scene.record(id);
  assert.deepEqual([push?.end?.result, push?.attempts, protocol?.state], ['sent', 1, 'COMPLETED']);
  assert.deepEqual([delivery.result, completion?.result], ['obsolete', 'obsolete']);
  assert.equal(sink.uploads.length, 1);
}

function failedCalls({ service }: World, flow: string, what: string): number {
  return service.entries.filter(({ flowId, msg }) => flowId === flow && msg === `${what} not delivered`)
    .length;
}
