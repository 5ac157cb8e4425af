import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ServiceError } from '../../../src/errors.ts';
import { annotation } from '../../../src/flow/annotations.ts';
import type { ProtocolState } from '../../../src/flow/protocol-state.ts';
import { sinkSecretName } from '../../../src/flow/names.ts';
import { readFlow } from '../../../src/flow/flow.ts';
import { advanceFlow } from '../../../src/requests/advance-flow.ts';
import type { FoundFlow, ProtocolChange } from '../../../src/requests/flow-service.ts';
import { aJob } from '../../support/flow-job.ts';
import { startTestReconciler } from '../../support/test-reconciler.ts';
import { memoryStore } from '../result/stored-results.ts';

const { signal } = new AbortController();
const started: ProtocolState = {
  ...{ state: 'STARTED', kind: 'provider-pull', profile: 'HttpData-PULL', access: 'open' },
  answered: [],
};

async function start(t: TestContext) {
  const { deps, api } = await startTestReconciler(t, { store: memoryStore(new Map()) });
  await api.cluster.jobs.create(aJob({ protocol: started }), signal);
  async function flow() {
    const job = await api.cluster.jobs.get('flow-a', signal);
    return job && readFlow(job);
  }
  async function touch(): Promise<void> {
    const annotations = { [annotation.lastRequestAt]: new Date().toISOString() };
    await api.cluster.jobs.patch('flow-a', { metadata: { annotations } }, signal);
  }
  return { deps, api, flow, touch };
}

function to(state: string, change: Partial<ProtocolChange> = {}) {
  return ({ protocol }: FoundFlow): ProtocolChange => {
    assert.ok(protocol);
    return { ...change, protocol: { ...protocol, state } };
  };
}

test('two messages at once are decided one after the other, from the state that the first one left', async (t) => {
  const { deps, flow } = await start(t);
  const seen: (string | undefined)[] = [];
  function count({ protocol }: FoundFlow): ProtocolChange | undefined {
    seen.push(protocol?.state);
    return protocol && { protocol: { ...protocol, state: `${protocol.state}+` } };
  }
  await Promise.all([1, 2, 3].map(() => advanceFlow(deps, { flow: 'flow-a', decide: count }, signal)));
  assert.equal((await flow())?.protocol?.state, 'STARTED+++');
  assert.ok(seen.length >= 3 && seen.length <= 6, `decided ${seen.length} times`);
});

test('a refusal writes nothing', async (t) => {
  const { deps, flow } = await start(t);
  const before = await flow();
  function refuse(): never {
    throw new ServiceError('conflict', 'no');
  }
  await assert.rejects(advanceFlow(deps, { flow: 'flow-a', decide: refuse }, signal), { code: 'conflict' });
  assert.equal(
    await advanceFlow(deps, { flow: 'flow-a', decide: () => undefined }, signal).then(
      (f) => f?.protocol?.state,
    ),
    'STARTED',
  );
  assert.deepEqual(await flow(), before);
});

test('a termination and the request for a deprovision are one write, and a second one changes no time', async (t) => {
  const { deps, flow } = await start(t);
  const decide = to('TERMINATED', { deprovision: true });
  const found = await advanceFlow(deps, { flow: 'flow-a', decide }, signal);
  assert.equal(found?.deprovisioned, true);
  const first = await flow();
  assert.deepEqual(
    [first?.protocol?.state, first?.deprovisionAskedAt],
    ['TERMINATED', deps.now().toISOString()],
  );
  await advanceFlow(deps, { flow: 'flow-a', decide }, signal);
  assert.equal((await flow())?.deprovisionAskedAt, first?.deprovisionAskedAt);
});

test('a Job that changes all the time is given up, as something that may work later', async (t) => {
  const { deps, api, touch } = await start(t);
  let decided = 0;
  const { jobs } = api.cluster;
  async function getAndTouch(...read: Parameters<typeof jobs.get>): ReturnType<typeof jobs.get> {
    const job = await jobs.get(...read);
    await touch();
    return job;
  }
  const cluster = { ...deps.cluster, jobs: withGet(jobs, getAndTouch) };
  function decide(found: FoundFlow): ProtocolChange {
    decided += 1;
    return to('SUSPENDED')(found);
  }
  const advance = { flow: 'flow-a', decide };
  await assert.rejects(advanceFlow({ ...deps, cluster }, advance, signal), { code: 'unavailable' });
  assert.equal(decided, 10);
});

function withGet<T extends { get: unknown }>(client: T, get: T['get']): T {
  return new Proxy(client, {
    get(target, name) {
      const member: unknown = name === 'get' ? get : Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

test('a new sink takes the place of the old one before the state changes', async (t) => {
  const { deps, api } = await start(t);
  const sink = { url: 'http://127.0.0.1:1/new', headers: {} };
  await advanceFlow(deps, { flow: 'flow-a', decide: to('STARTED', { sink }) }, signal);
  const secret = await api.cluster.secrets.get(sinkSecretName('flow-a'), signal);
  const text = Buffer.from(secret?.data?.['sink'] ?? '', 'base64').toString('utf8');
  assert.deepEqual(JSON.parse(text), sink);
});

test('there is nothing to change for an id without a flow', async (t) => {
  const { deps } = await start(t);
  assert.equal(await advanceFlow(deps, { flow: 'flow-b', decide: to('TERMINATED') }, signal), undefined);
});
