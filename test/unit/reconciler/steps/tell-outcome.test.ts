import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import { Agent } from 'undici';
import type { ConnectorConfig } from '../../../../src/config/config.ts';
import { announceOutcome } from '../../../../src/connector/control-plane/announce-outcome.ts';
import type { Delivery } from '../../../../src/connector/delivery.ts';
import type { TerminateInstead } from '../../../../src/flow/annotations.ts';
import type { Flow } from '../../../../src/flow/flow.ts';
import type { Outcome } from '../../../../src/flow/outcome.ts';
import type { Job } from '../../../../src/kubernetes/types.ts';
import { createAskAgain } from '../../../../src/provisioner/ask-again.ts';
import { deprovisionFlow } from '../../../../src/provisioner/cancel-flow.ts';
import { askUntyped } from '../../../../src/provisioner/ask-untyped.ts';
import { createRedactor } from '../../../../src/redact-secrets.ts';
import { tellOutcome } from '../../../../src/reconciler/steps/tell-outcome.ts';
import { aJob } from '../../../support/flow-job.ts';
import { aFlow, at } from '../../../support/flow-values.ts';
import { reconcile, startTestReconciler, type TestReconciler } from '../../../support/test-reconciler.ts';
import { attempt, flow as storedFlow, memoryStore, sidecarWrites } from '../../result/stored-results.ts';

const { signal } = new AbortController();
const day = 24 * 3600;
const { objects, report } = sidecarWrites({ 'a.txt': Buffer.from('a') });
const succeeded: Outcome = {
  phase: 'succeeded',
  at: at(0),
  results: {
    attempt,
    files: report.files,
    bytes: report.bytes,
    manifestSha256: report.sha256,
    manifestEtag: report.etag,
  },
};
const failed: Outcome = { phase: 'failed', at: at(0), reason: 'worker-failed', message: 'exit code 1' };
const deleted: Outcome = { phase: 'cancelled', at: at(0), reason: 'job-deleted', message: 'gone' };

/** The outcome, or what is delivered instead of it. */
type Said = Outcome | TerminateInstead;

async function start(
  t: TestContext,
  members: Partial<Flow>,
  answer: (said: Said) => Delivery,
): Promise<TestReconciler & { told: Said[]; name: string; store: Map<string, Buffer> }> {
  const told: Said[] = [];
  const store = new Map(objects);
  function announce({ outcome, terminateInstead }: Flow): Promise<Delivery> {
    const said = terminateInstead ?? outcome;
    assert.ok(said !== undefined);
    told.push(said);
    return Promise.resolve(answer(said));
  }
  const reconciler = await startTestReconciler(t, { store: memoryStore(store), announce });
  const name = storedFlow;
  await reconciler.api.cluster.jobs.create(aJob({ name, startedAt: at(0), ...members }), signal);
  return { ...reconciler, told, name, store };
}

function later(): Delivery {
  return { result: 'retry', problem: 'not now', slowly: true };
}

const limits = [
  { name: 'a day after its outcome', outcome: failed, deletedByHand: false, seconds: day },
  {
    name: 'five minutes after the end of a Job that was deleted by hand',
    outcome: deleted,
    deletedByHand: true,
    seconds: 300,
  },
];

for (const { name: title, outcome, deletedByHand, seconds } of limits) {
  test(`telling is given up ${title}, and not before`, async (t) => {
    const { deps, api, see, setClock, told, name } = await start(t, { outcome }, later);
    if (deletedByHand) await api.cluster.jobs.delete(name, { propagationPolicy: 'Background' }, signal);
    setClock(seconds);
    await tellOutcome(deps, await see(name), signal);
    assert.deepEqual(told, [outcome]);
    assert.equal((await see(name)).told, undefined);

    setClock(seconds + 1);
    await tellOutcome(deps, await see(name), signal);
    assert.deepEqual(told, [outcome]);
    assert.deepEqual((await see(name)).told, { at: at(seconds + 1), result: 'gave-up' });
  });
}

test('a replica that begins to lead does not call at once who was called in vain just now', async (t) => {
  const intent = { at: at(10), attempts: 5 };
  const { deps, see, setClock, told, name } = await start(t, { outcome: failed, intent }, later);
  setClock(11);
  const early = await tellOutcome(deps, await see(name), signal);
  assert.deepEqual(told, []);
  assert.ok(early.then === 'wait' && early.millis !== undefined);
  setClock(11 + Math.ceil(early.millis / 1000));
  await tellOutcome(deps, await see(name), signal);
  assert.deepEqual(told, [failed]);
  assert.equal((await see(name)).intent?.attempts, 6);
});

test('a Job that was deleted by hand is let go once telling is given up', async (t) => {
  const { deps, api, see, setClock, name } = await start(t, { outcome: deleted }, later);
  await api.cluster.jobs.delete(name, { propagationPolicy: 'Background' }, signal);
  await see(name);
  await reconcile(deps, name, signal);
  assert.notEqual(await api.cluster.jobs.get(name, signal), undefined);
  setClock(301);
  await reconcile(deps, name, signal);
  assert.equal(await api.cluster.jobs.get(name, signal), undefined);
});

function refuseAddress(said: Said): Delivery {
  return 'reason' in said
    ? { result: 'told', status: 204 }
    : { result: 'refused', problem: 'answered 400: no such thing', status: 400 };
}

test('a refused callback becomes a termination with its reason, and the outcome stays what it is', async (t) => {
  const { deps, see, setClock, told, name } = await start(t, { outcome: succeeded }, refuseAddress);
  setClock(60);
  await see(name);
  await reconcile(deps, name, signal);
  const [first, second, ...more] = told;
  assert.deepEqual(first, succeeded);
  assert.ok(second !== undefined && 'reason' in second);
  assert.equal(second.reason, 'delivery-refused');
  assert.match(second.message, /no such thing/);
  assert.deepEqual(more, []);
  const flow = await see(name);
  assert.deepEqual(flow.outcome, succeeded);
  assert.equal(flow.terminateInstead?.at, at(60));
  assert.equal(flow.told?.result, 'told');
  assert.equal(flow.state, 'closed');
  assert.deepEqual((await deps.metrics.outcomes.get()).values, [], 'nothing is counted once more');
});

test('a termination in place of an address ends a day after the outcome, as the address would have', async (t) => {
  const instead = { at: at(day - 3600), reason: 'delivery-refused', message: 'm' } as const;
  const members = { outcome: succeeded, terminateInstead: instead };
  const { deps, see, setClock, told, name } = await start(t, members, later);
  setClock(day);
  await tellOutcome(deps, await see(name), signal);
  assert.deepEqual(told, [instead]);
  setClock(day + 1);
  await tellOutcome(deps, await see(name), signal);
  assert.equal((await see(name)).told?.result, 'gave-up');
});

test('an address that nobody took within a day becomes a termination, which is tried for five minutes', async (t) => {
  const { deps, see, setClock, told, name } = await start(t, { outcome: succeeded }, later);
  setClock(day);
  await see(name);
  await reconcile(deps, name, signal);
  assert.deepEqual(told, [succeeded]);
  setClock(day + 1);
  await reconcile(deps, name, signal);
  const [, last] = told;
  assert.ok(last !== undefined && 'reason' in last);
  assert.equal(last.reason, 'delivery-refused');
  setClock(day + 301);
  await reconcile(deps, name, signal);
  assert.equal(told.length, 3);
  assert.equal((await see(name)).told, undefined);
  setClock(day + 302);
  await reconcile(deps, name, signal);
  assert.equal(told.length, 3);
  const flow = await see(name);
  assert.deepEqual([flow.told?.result, flow.outcome], ['gave-up', succeeded]);
});

const levels: { answer: Delivery; level: number }[] = [
  { answer: { result: 'told', status: 204 }, level: 30 },
  { answer: { result: 'ended', status: 409, state: 'TERMINATED' }, level: 30 },
  { answer: { result: 'refused', status: 400, problem: 'answered 400' }, level: 40 },
  { answer: { result: 'retry', slowly: true, problem: 'answered 401' }, level: 40 },
];
for (const { answer, level } of levels) {
  test(`a delivery that is ${answer.result} is logged at level ${level}, with what was answered`, async (t) => {
    const { deps, see, name } = await start(t, { outcome: failed }, () => answer);
    const lines: { level: number; delivery?: Delivery }[] = [];
    const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line) as (typeof lines)[number]) });
    await tellOutcome({ ...deps, log }, await see(name), signal);
    const found = lines.find(({ delivery }) => delivery !== undefined);
    assert.deepEqual([found?.level, found?.delivery], [level, answer]);
  });
}

test('a refused termination is the last word', async (t) => {
  const refusal = { result: 'refused', problem: 'answered 400', status: 400 } as const;
  const { deps, see, told, name } = await start(t, { outcome: failed }, () => refusal);
  await see(name);
  await reconcile(deps, name, signal);
  assert.deepEqual(told, [failed]);
  const { told: end, state } = await see(name);
  assert.deepEqual([end?.result, end?.detail, state], ['refused', 'answered 400', 'closed']);
});

test('results that were changed before they are told end the transfer instead', async (t) => {
  const { deps, see, told, name } = await start(
    t,
    { outcome: { ...succeeded, results: { ...succeeded.results, manifestSha256: 'another' } } },
    () => ({ result: 'told', status: 204 }),
  );
  await see(name);
  await reconcile(deps, name, signal);
  assert.deepEqual(
    told.map((said) => 'reason' in said && said.reason),
    ['results-changed'],
  );
  const flow = await see(name);
  assert.deepEqual([flow.outcome?.phase, flow.outcome?.at], ['succeeded', at(0)]);
  assert.deepEqual((await deps.metrics.outcomes.get()).values, []);
});

for (const outcome of [succeeded, failed]) {
  test(`nothing is sent once a deprovision is known, and the results go: ${outcome.phase}`, async (t) => {
    const deprovision = { startedAt: at(0), suspended: true, outcome, deprovisionAskedAt: at(1) };
    const { deps, see, told, name, store } = await start(t, deprovision, () => ({
      result: 'told',
      status: 204,
    }));
    await see(name);
    await reconcile(deps, name, signal);
    assert.deepEqual(told, []);
    const flow = await see(name);
    assert.deepEqual([flow.told?.result, flow.state], ['not-needed', 'closed']);
    assert.notEqual(flow.resultsDeletedAt, undefined);
    assert.deepEqual(resultsIn(store), []);
  });
}

test('a deprovision that comes between the intent and the callback stops the callback', async (t) => {
  const { deps, api, see, told, name, store } = await start(t, { outcome: succeeded }, () => ({
    result: 'told',
    status: 204,
  }));
  let patches = 0;
  async function patch(...args: Parameters<typeof api.cluster.jobs.patch>): Promise<Job> {
    patches += 1;
    const job = await api.cluster.jobs.patch(...args);
    if (patches !== 1) return job;
    await deprovisionFlow(deps, name, signal);
    return (await api.cluster.jobs.get(name, signal)) ?? job;
  }
  await see(name);
  const cluster = { ...deps.cluster, jobs: { ...deps.cluster.jobs, patch } };
  await reconcile({ ...deps, cluster }, name, signal);
  assert.deepEqual(told, []);
  assert.deepEqual(
    [(await see(name)).told?.result, (await see(name)).told?.detail],
    ['ended', 'DEPROVISIONING'],
  );
  assert.deepEqual(resultsIn(store), []);
});

test('a deprovision that comes while a callback is refused for now is the last of it', async (t) => {
  const { deps, see, told, name, store } = await start(t, { outcome: succeeded }, later);
  await see(name);
  await reconcile(deps, name, signal);
  assert.equal(told.length, 1);
  await deprovisionFlow(deps, name, signal);
  await see(name);
  await reconcile(deps, name, signal);
  assert.equal(told.length, 1);
  assert.deepEqual(
    [(await see(name)).told?.result, (await see(name)).told?.detail],
    ['ended', 'DEPROVISIONING'],
  );
  assert.deepEqual(resultsIn(store), []);
});

function resultsIn(store: Map<string, unknown>): string[] {
  return [...store.keys()].filter((key) => key.startsWith('flows/') && !key.endsWith('/record.json'));
}

/** A request without a type comes while the callback is under way, before or after the connector takes it. */
const untyped: { name: string; members: Partial<Flow>; answer: Delivery; during: boolean; asked: boolean }[] =
  [
    {
      name: 'that came after the callback which was taken is a deprovision',
      members: {},
      answer: { result: 'told', status: 204 },
      during: true,
      asked: true,
    },
    {
      name: 'that came before the callback which was taken is a repeat',
      members: { intent: { at: at(1) }, maybeDeprovision: { at: at(2), intent: at(1) } },
      answer: { result: 'told', status: 204 },
      during: false,
      asked: false,
    },
    {
      name: 'whose connector had taken a callback that nobody noted is a deprovision',
      members: { intent: { at: at(1) }, maybeDeprovision: { at: at(2), intent: at(1) } },
      answer: { result: 'ended', status: 409, state: 'DEPROVISIONING' },
      during: false,
      asked: true,
    },
  ];
for (const { name: title, members, answer, during, asked } of untyped) {
  test(`a request without a type ${title}`, async (t) => {
    const reconciler = await startTestReconciler(t, {
      store: memoryStore(new Map(objects)),
      async announce() {
        const deps = { ...reconciler.deps, askAgain: createAskAgain(reconciler.deps) };
        if (during) assert.equal(await askUntyped(deps, storedFlow, signal), 'asked');
        return answer;
      },
    });
    const { deps, api, see, setClock } = reconciler;
    const job = aJob({ name: storedFlow, startedAt: at(0), outcome: succeeded, ...members });
    await api.cluster.jobs.create(job, signal);
    setClock(60);
    await tellOutcome(deps, await see(storedFlow), signal);
    const { told, deprovisionAskedAt } = await see(storedFlow);
    assert.equal(told?.result, answer.result);
    assert.equal(deprovisionAskedAt !== undefined, asked);
  });
}

test('a request without a type that came after the callback is a deprovision, however often others write meanwhile', async (t) => {
  const reconciler = await startTestReconciler(t, {
    store: memoryStore(new Map(objects)),
    async announce() {
      const deps = { ...reconciler.deps, askAgain: createAskAgain(reconciler.deps) };
      assert.equal(await askUntyped(deps, storedFlow, signal), 'asked');
      busy = true;
      return { result: 'told', status: 204 };
    },
  });
  const { deps, api, see, setClock } = reconciler;
  let busy = false;
  let writes = 0;
  async function patch(...args: Parameters<typeof api.cluster.jobs.patch>): Promise<Job> {
    writes += 1;
    const annotations = { 'example.org/somebody': String(writes) };
    if (busy) await api.cluster.jobs.patch(storedFlow, { metadata: { annotations } }, signal);
    return await api.cluster.jobs.patch(...args);
  }
  await api.cluster.jobs.create(aJob({ name: storedFlow, startedAt: at(0), outcome: succeeded }), signal);
  setClock(60);
  const cluster = { ...deps.cluster, jobs: { ...deps.cluster.jobs, patch } };
  await tellOutcome({ ...deps, cluster }, await see(storedFlow), signal);
  const { told, deprovisionAskedAt } = await see(storedFlow);
  assert.equal(told?.result, 'told');
  assert.equal(deprovisionAskedAt, at(60));
});

test('a flow of people is told to nobody', async (t) => {
  const { ids, assetId, template, acceptedAt } = aFlow().request;
  const people = { dialect: 'rest', connector: 'people', ids, assetId, template, acceptedAt } as const;
  for (const outcome of [failed, deleted, succeeded]) {
    await t.test(outcome.phase, async (t) => {
      const { deps, see, told, name } = await start(t, { request: people, outcome }, later);
      await see(name);
      await reconcile(deps, name, signal);
      assert.deepEqual(told, []);
      const { told: end, state } = await see(name);
      assert.deepEqual([end?.result, state], ['not-needed', 'closed']);
    });
  }
});

test('the intent of a process that died is settled by asking the connector again', async (t) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    request.resume();
    const message = "TransferProcess t cannot be provisioned because it's STARTED";
    response.writeHead(409, { 'content-type': 'application/json' });
    response.end(JSON.stringify([{ message, type: 'ObjectConflict', path: null, invalidValue: null }]));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const callbackPrefix = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`;
  const dispatcher = new Agent();
  t.after(async () => {
    await dispatcher.destroy();
    server.close();
  });
  const connector: ConnectorConfig = {
    name: 'provider',
    dialect: 'control-plane',
    callbackPrefix,
    addressNames: 'prefixed',
    managementUrl: 'http://127.0.0.1:1',
    managementVersion: 'v3',
    templates: ['*'],
    resultsUrl: 'http://results.test',
  };
  const { deps, api, see } = await startTestReconciler(t, {
    store: memoryStore(new Map(objects)),
    announce: (flow, address, stopped) =>
      announceOutcome(
        {
          connector,
          key: undefined,
          flow: flow.name,
          request: flow.request,
          outcome: flow.outcome ?? failed,
          address,
          timeoutMillis: 30_000,
          dispatcher,
          redact: createRedactor([]),
        },
        stopped,
      ),
  });
  const request = { ...aFlow().request, callbackAddress: callbackPrefix };
  const left = { startedAt: at(0), outcome: succeeded, intent: { at: at(0) } };
  await api.cluster.jobs.create(aJob({ name: storedFlow, request, ...left }), signal);
  await see(storedFlow);
  await reconcile(deps, storedFlow, signal);
  assert.deepEqual(asked, ['POST /callback/t/provision']);
  const { told, state, outcome } = await see(storedFlow);
  assert.deepEqual([told?.result, told?.detail, state], ['ended', 'STARTED', 'closed']);
  assert.deepEqual(outcome, succeeded);
});
