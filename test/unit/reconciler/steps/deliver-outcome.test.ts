import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import { Agent } from 'undici';
import { deliver } from '../../../../src/dialects/control-plane/deliver.ts';
import type { ControlPlaneConnector } from '../../../../src/dialects/control-plane/settings.ts';
import { createAccessTokens } from '../../../../src/dialects/access-tokens.ts';
import { annotation, writeAnnotation } from '../../../../src/flow/annotations.ts';
import type { TerminateInstead } from '../../../../src/flow/delivery.ts';
import type { Flow } from '../../../../src/flow/flow.ts';
import { rest } from '../../../../src/flow/flow-request.ts';
import type { Outcome } from '../../../../src/flow/outcome.ts';
import type { Job } from '../../../../src/kubernetes/types.ts';
import { createRecordRepeat } from '../../../../src/answer-first/record-repeat.ts';
import { deprovisionFlow } from '../../../../src/requests/end-flow.ts';
import { createRedactor } from '../../../../src/redact-secrets.ts';
import { deliverOutcome } from '../../../../src/reconciler/steps/deliver-outcome.ts';
import type { DeliveryAnswer, DeliveryRules, Message } from '../../../../src/reconciler/types.ts';
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
const failed = { phase: 'failed', at: at(0), reason: 'worker-failed', message: 'exit code 1' } as const;
const deleted = { phase: 'cancelled', at: at(0), reason: 'job-deleted', message: 'gone' } as const;

const succeededMessage = { kind: 'results' } as const;

/** What is delivered of a failure. */
function failureOf({ reason, message }: Pick<TerminateInstead, 'message'> & { reason: string }): Message {
  return { kind: 'failure', reason, message };
}

async function start(
  t: TestContext,
  members: Partial<Flow>,
  answer: (message: Message) => DeliveryAnswer,
  rules: Partial<DeliveryRules> = {},
): Promise<TestReconciler & { sent: Message[]; name: string; store: Map<string, Buffer> }> {
  const sent: Message[] = [];
  const store = new Map(objects);
  const reconciler = await startTestReconciler(t, {
    store: memoryStore(store),
    rules,
    deliver({ message }) {
      sent.push(message);
      return Promise.resolve(answer(message));
    },
  });
  const name = storedFlow;
  await reconciler.api.cluster.jobs.create(aJob({ name, startedAt: at(0), ...members }), signal);
  return { ...reconciler, sent, name, store };
}

function later(): DeliveryAnswer {
  return { result: 'failed', problem: 'not now', slowly: true };
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
  test(`the delivery is given up ${title}, and not before`, async (t) => {
    const { deps, api, see, setClock, sent, name } = await start(t, { outcome }, later);
    if (deletedByHand) await api.cluster.jobs.delete(name, { propagationPolicy: 'Background' }, signal);
    setClock(seconds);
    await deliverOutcome(deps, await see(name), signal);
    assert.deepEqual(sent, [failureOf(outcome)]);
    assert.equal((await see(name)).delivery?.result, 'failed');

    setClock(seconds + 1);
    await deliverOutcome(deps, await see(name), signal);
    assert.deepEqual(sent, [failureOf(outcome)]);
    const answer = { endedAt: at(seconds), result: 'failed', detail: 'not now' };
    const kept = [{ sent: 'failure', startedAt: at(seconds), ...answer }];
    assert.deepEqual((await see(name)).delivery, {
      attempts: 1,
      startedAt: at(seconds),
      result: 'abandoned',
      endedAt: at(seconds + 1),
      history: { total: 1, kept },
    });
  });
}

test('a new leader does not call a connector at once that another replica has just called in vain', async (t) => {
  const delivery = { attempts: 5, startedAt: at(9), result: 'failed', endedAt: at(10) } as const;
  const { deps, see, setClock, sent, name } = await start(t, { outcome: failed, delivery }, later);
  setClock(11);
  const early = await deliverOutcome(deps, await see(name), signal);
  assert.deepEqual(sent, []);
  assert.ok(early.kind === 'requeue' && early.millis !== undefined);
  setClock(11 + Math.ceil(early.millis / 1000));
  await deliverOutcome(deps, await see(name), signal);
  assert.deepEqual(sent, [failureOf(failed)]);
  assert.equal((await see(name)).delivery?.attempts, 6);
});

test('a Job that was deleted by hand is let go once its delivery is given up', async (t) => {
  const { deps, api, see, setClock, name } = await start(t, { outcome: deleted }, later);
  await api.cluster.jobs.delete(name, { propagationPolicy: 'Background' }, signal);
  await see(name);
  await reconcile(deps, name, signal);
  assert.notEqual(await api.cluster.jobs.get(name, signal), undefined);
  setClock(301);
  await reconcile(deps, name, signal);
  assert.equal(await api.cluster.jobs.get(name, signal), undefined);
});

function refuseAddress({ kind }: Message): DeliveryAnswer {
  return kind === 'failure'
    ? { result: 'delivered', status: 204 }
    : { result: 'rejected', problem: 'answered 400: no such thing', status: 400 };
}

test('a refused callback becomes a termination with its reason, and the outcome stays what it is', async (t) => {
  const { deps, see, setClock, sent, name } = await start(t, { outcome: succeeded }, refuseAddress);
  setClock(60);
  await see(name);
  await reconcile(deps, name, signal);
  const [first, second, ...more] = sent;
  assert.equal(first?.kind, 'results');
  assert.ok(second !== undefined && 'reason' in second);
  assert.equal(second.reason, 'delivery-refused');
  assert.match(second.message, /no such thing/);
  assert.deepEqual(more, []);
  const flow = await see(name);
  assert.deepEqual(flow.outcome, succeeded);
  assert.equal(flow.terminateInstead?.at, at(60));
  assert.equal(flow.delivery?.result, 'delivered');
  assert.equal(flow.state, 'closed');
  assert.deepEqual((await deps.metrics.outcomes.get()).values, [], 'nothing is counted once more');
});

test('no keys are minted for results that are pushed, whatever address their template wants', async (t) => {
  const { plan } = aFlow();
  const protocol = {
    state: 'STARTING',
    kind: 'provider-push',
    profile: 'p',
    access: 'open',
    answered: [],
  } as const;
  const { deps, see, sent, name } = await start(
    t,
    {
      outcome: succeeded,
      plan: { ...plan, results: { ...plan.results, address: 's3' } },
      protocol: { ...protocol, pushes: true },
    },
    later,
  );
  await deliverOutcome(deps, await see(name), signal);
  assert.deepEqual(
    sent.map((message) => message.kind === 'results' && message.address.type),
    ['HttpData'],
  );
});

test('where the dialect has it so, a refused callback ends the delivery', async (t) => {
  const rules = { onRefusal: 'end' } as const;
  const { deps, see, sent, name } = await start(t, { outcome: succeeded }, refuseAddress, rules);
  await see(name);
  await reconcile(deps, name, signal);
  assert.deepEqual(
    sent.map(({ kind }) => kind),
    ['results'],
  );
  const { delivery, terminateInstead, state } = await see(name);
  assert.deepEqual([delivery?.result, terminateInstead, state], ['rejected', undefined, 'closed']);
});

test('where a repeat does harm, an attempt without a result is the last one', async (t) => {
  const delivery = { attempts: 1, startedAt: at(1) };
  const rules = { lostAttempt: { askAfterMillis: 1000 } };
  const { deps, see, setClock, sent, name } = await start(t, { outcome: succeeded, delivery }, later, rules);
  setClock(60);
  await see(name);
  await reconcile(deps, name, signal);
  assert.deepEqual(sent, []);
  assert.equal((await see(name)).delivery?.result, 'abandoned');
});

test('a termination in place of an address ends a day after the outcome, as the address would have', async (t) => {
  const instead = { at: at(day - 3600), reason: 'delivery-refused', message: 'm' } as const;
  const members = { outcome: succeeded, terminateInstead: instead };
  const { deps, see, setClock, sent, name } = await start(t, members, later);
  setClock(day);
  await deliverOutcome(deps, await see(name), signal);
  assert.deepEqual(sent, [failureOf(instead)]);
  setClock(day + 1);
  await deliverOutcome(deps, await see(name), signal);
  assert.equal((await see(name)).delivery?.result, 'abandoned');
});

test('an address that nobody took within a day becomes a termination, which is tried for five minutes', async (t) => {
  const { deps, see, setClock, sent, name } = await start(t, { outcome: succeeded }, later);
  setClock(day);
  await see(name);
  await reconcile(deps, name, signal);
  assert.partialDeepStrictEqual(sent, [succeededMessage]);
  setClock(day + 1);
  await reconcile(deps, name, signal);
  const [, last] = sent;
  assert.ok(last !== undefined && 'reason' in last);
  assert.equal(last.reason, 'delivery-refused');
  setClock(day + 301);
  await reconcile(deps, name, signal);
  assert.equal(sent.length, 3);
  assert.equal((await see(name)).delivery?.result, 'failed');
  setClock(day + 302);
  await reconcile(deps, name, signal);
  assert.equal(sent.length, 3);
  const flow = await see(name);
  assert.deepEqual([flow.delivery?.result, flow.outcome], ['abandoned', succeeded]);
});

const levels: { answer: DeliveryAnswer; level: number }[] = [
  { answer: { result: 'delivered', status: 204 }, level: 30 },
  { answer: { result: 'obsolete', status: 409, state: 'TERMINATED', ended: true }, level: 30 },
  { answer: { result: 'rejected', status: 400, problem: 'answered 400' }, level: 40 },
  { answer: { result: 'failed', slowly: true, problem: 'answered 401' }, level: 40 },
];
for (const { answer, level } of levels) {
  test(`a delivery that is ${answer.result} is logged at level ${level}, with what was answered`, async (t) => {
    const { deps, see, name } = await start(t, { outcome: failed }, () => answer);
    const lines: { level: number; delivery?: DeliveryAnswer }[] = [];
    const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line) as (typeof lines)[number]) });
    await deliverOutcome({ ...deps, log }, await see(name), signal);
    const found = lines.find(({ delivery }) => delivery !== undefined);
    assert.deepEqual([found?.level, found?.delivery], [level, answer]);
  });
}

test('a refused termination ends the delivery', async (t) => {
  const refusal = { result: 'rejected', problem: 'answered 400', status: 400 } as const;
  const { deps, see, sent, name } = await start(t, { outcome: failed }, () => refusal);
  await see(name);
  await reconcile(deps, name, signal);
  assert.deepEqual(sent, [failureOf(failed)]);
  const { delivery: end, state } = await see(name);
  assert.deepEqual([end?.result, end?.detail, state], ['rejected', 'answered 400', 'closed']);
});

test('results that were changed before they are delivered end the transfer instead', async (t) => {
  const { deps, see, sent, name } = await start(
    t,
    { outcome: { ...succeeded, results: { ...succeeded.results, manifestSha256: 'another' } } },
    () => ({ result: 'delivered', status: 204 }),
  );
  await see(name);
  await reconcile(deps, name, signal);
  assert.deepEqual(
    sent.map((message) => 'reason' in message && message.reason),
    ['results-changed'],
  );
  const flow = await see(name);
  assert.deepEqual([flow.outcome?.phase, flow.outcome?.at], ['succeeded', at(0)]);
  assert.deepEqual((await deps.metrics.outcomes.get()).values, []);
});

for (const outcome of [succeeded, failed]) {
  test(`nothing is sent once a deprovision is known, and the results go: ${outcome.phase}`, async (t) => {
    const deprovision = { startedAt: at(0), suspended: true, outcome, deprovisionAskedAt: at(1) };
    const { deps, see, sent, name, store } = await start(t, deprovision, () => ({
      result: 'delivered',
      status: 204,
    }));
    await see(name);
    await reconcile(deps, name, signal);
    assert.deepEqual(sent, []);
    const flow = await see(name);
    assert.deepEqual([flow.delivery?.result, flow.state], ['skipped', 'closed']);
    assert.notEqual(flow.resultsDeletedAt, undefined);
    assert.deepEqual(resultsIn(store), []);
  });
}

test('a deprovision that comes between the write of an attempt and its callback stops the callback', async (t) => {
  const { deps, api, see, sent, name, store } = await start(t, { outcome: succeeded }, () => ({
    result: 'delivered',
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
  assert.deepEqual(sent, []);
  assert.deepEqual(
    [(await see(name)).delivery?.result, (await see(name)).delivery?.detail],
    ['obsolete', 'deprovisioned'],
  );
  assert.deepEqual(resultsIn(store), []);
});

test('a deprovision that comes while a callback is refused for now is the last of it', async (t) => {
  const { deps, see, sent, name, store } = await start(t, { outcome: succeeded }, later);
  await see(name);
  await reconcile(deps, name, signal);
  assert.equal(sent.length, 1);
  await deprovisionFlow(deps, name, signal);
  await see(name);
  await reconcile(deps, name, signal);
  assert.equal(sent.length, 1);
  assert.deepEqual(
    [(await see(name)).delivery?.result, (await see(name)).delivery?.detail],
    ['obsolete', 'deprovisioned'],
  );
  assert.deepEqual(resultsIn(store), []);
});

function resultsIn(store: Map<string, unknown>): string[] {
  return [...store.keys()].filter((key) => key.startsWith('flows/') && !key.endsWith('/record.json'));
}

/** A request without a type came between two attempts, and was answered as a repeat: the connector's state says what it was. */
const states = [
  { state: 'STARTED', deleted: false },
  { state: 'DEPROVISIONING_REQUESTED', deleted: true },
] as const;
for (const { state, deleted } of states) {
  const title = deleted ? 'has its results deleted' : 'keeps its results';
  test(`a flow whose connector had taken an attempt that nobody heard of and is ${state} ${title}`, async (t) => {
    const lost = { attempts: 1, startedAt: at(1), result: 'failed', endedAt: at(11) } as const;
    const { deps, see, setClock, name, store } = await start(
      t,
      { outcome: succeeded, delivery: lost },
      () => ({
        result: 'obsolete',
        ended: deleted,
        status: 409,
        state,
      }),
    );
    await createRecordRepeat(deps)(name, signal);
    setClock(60);
    await see(name);
    await reconcile(deps, name, signal);
    const { delivery, deprovisionAskedAt } = await see(name);
    assert.deepEqual([delivery?.result, delivery?.detail], ['obsolete', state]);
    assert.equal(deprovisionAskedAt, undefined, 'nobody asked for it');
    assert.equal(resultsIn(store).length === 0, deleted);
  });
}

test('an attempt without a result gets one even while requests hold the next attempt back', async (t) => {
  const delivery = { attempts: 1, startedAt: at(1) };
  const { deps, see, setClock, sent, name } = await start(t, { outcome: succeeded, delivery }, later);
  setClock(60);
  await see(name);
  const callbackHold = { ...deps.callbackHold, remaining: () => 5000 };
  await reconcile({ ...deps, callbackHold }, name, signal);
  assert.deepEqual(sent, []);
  assert.deepEqual((await see(name)).delivery, {
    ...delivery,
    result: 'failed',
    endedAt: at(60),
    detail: 'its answer was lost',
    unanswered: true,
  });
});

test('a failed attempt has its result at once, with what went wrong', async (t) => {
  const { deps, see, setClock, name } = await start(t, { outcome: failed }, later);
  setClock(60);
  await deliverOutcome(deps, await see(name), signal);
  const end = { result: 'failed', endedAt: at(60), detail: 'not now' };
  assert.deepEqual((await see(name)).delivery, {
    attempts: 1,
    startedAt: at(60),
    ...end,
    slowFailures: 1,
    history: { total: 1, kept: [{ sent: 'failure', startedAt: at(60), ...end }] },
  });
});

test('a connector that is not configured any more fails the attempt, and the next one is paced', async (t) => {
  const { deps, see, name } = await start(t, { outcome: failed }, () => {
    throw new Error('provider is not configured any more');
  });
  await see(name);
  const { failure, requeueAfterMillis } = await reconcile(deps, name, signal);
  assert.equal(failure, undefined);
  assert.ok((requeueAfterMillis ?? 0) > 0);
  const { delivery } = await see(name);
  assert.deepEqual([delivery?.result, delivery?.attempts], ['failed', 1]);
  assert.match(delivery?.detail ?? '', /not configured/);
});

test('a repeat that comes after the attempt was written goes first: nothing is sent', async (t) => {
  const { deps, api, see, setClock, sent, name } = await start(t, { outcome: failed }, later);
  setClock(60);
  await see(name);
  let holdMillis = 0;
  const callbackHold = { ...deps.callbackHold, remaining: () => holdMillis };
  async function patch(...args: Parameters<typeof api.cluster.jobs.patch>): Promise<Job> {
    const job = await api.cluster.jobs.patch(...args);
    holdMillis = 5000;
    return job;
  }
  const cluster = { ...deps.cluster, jobs: { ...deps.cluster.jobs, patch } };
  await reconcile({ ...deps, cluster, callbackHold }, name, signal);
  assert.deepEqual(sent, []);
  assert.deepEqual((await see(name)).delivery?.result, 'failed');
});

test('a result is saved however often others write meanwhile', async (t) => {
  const { deps, api, see, name } = await start(t, { outcome: failed }, () => {
    isBusy = true;
    return { result: 'delivered', status: 204 };
  });
  let isBusy = false;
  let writes = 0;
  async function patch(...args: Parameters<typeof api.cluster.jobs.patch>): Promise<Job> {
    writes += 1;
    const annotations = { 'example.org/somebody': String(writes) };
    if (isBusy) await api.cluster.jobs.patch(name, { metadata: { annotations } }, signal);
    return await api.cluster.jobs.patch(...args);
  }
  const cluster = { ...deps.cluster, jobs: { ...deps.cluster.jobs, patch } };
  await deliverOutcome({ ...deps, cluster }, await see(name), signal);
  assert.equal((await see(name)).delivery?.result, 'delivered');
});

test('a result that comes late does not replace what another replica has written since', async (t) => {
  const newer = { attempts: 2, startedAt: at(50), result: 'delivered', endedAt: at(51) } as const;
  const reconciler = await startTestReconciler(t, {
    store: memoryStore(new Map(objects)),
    async deliver() {
      const annotations = writeAnnotation(annotation.delivery, newer);
      await api.cluster.jobs.patch('flow-a', { metadata: { annotations } }, signal);
      return later();
    },
  });
  const { deps, api, see } = reconciler;
  await api.cluster.jobs.create(aJob({ startedAt: at(0), outcome: failed }), signal);
  await deliverOutcome(deps, await see('flow-a'), signal);
  assert.deepEqual((await see('flow-a')).delivery, newer);
});

test('the outcome of a flow of people is sent to nobody', async (t) => {
  const { ids, assetId, template, acceptedAt } = aFlow().request;
  const people = { ...rest, ids, assetId, template, acceptedAt };
  for (const outcome of [failed, deleted, succeeded]) {
    await t.test(outcome.phase, async (t) => {
      const { deps, see, sent, name } = await start(t, { request: people, outcome }, later);
      await see(name);
      await reconcile(deps, name, signal);
      assert.deepEqual(sent, []);
      const { delivery: end, state } = await see(name);
      assert.deepEqual([end?.result, state], ['skipped', 'closed']);
    });
  }
});

test('the attempt of a process that died is settled by another one, which the connector answers with its state', async (t) => {
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
  const connector: ControlPlaneConnector = {
    name: 'provider',
    dialect: 'control-plane',
    callbackPrefix,
    addressNames: 'prefixed',
    managementUrl: 'http://127.0.0.1:1',
    managementVersion: 'v3',
    templates: ['*'],
    resultsUrl: 'http://results.test',
  };
  const { deps, api, see, setClock } = await startTestReconciler(t, {
    store: memoryStore(new Map(objects)),
    deliver: (delivery, stopped) =>
      deliver(
        {
          ...delivery,
          connector,
          key: undefined,
          accessTokens: createAccessTokens(),
          timeoutMillis: 30_000,
          dispatcher,
          redact: createRedactor([]),
        },
        stopped,
      ),
  });
  const request = { ...aFlow().request, callbackAddress: callbackPrefix };
  const left = { startedAt: at(0), outcome: succeeded, delivery: { attempts: 1, startedAt: at(-60) } };
  await api.cluster.jobs.create(aJob({ name: storedFlow, request, ...left }), signal);
  await see(storedFlow);
  await reconcile(deps, storedFlow, signal);
  assert.deepEqual(asked, [], 'after a pause');
  setClock(60);
  await reconcile(deps, storedFlow, signal);
  assert.deepEqual(asked, ['POST /callback/t/provision']);
  const { delivery, state, outcome } = await see(storedFlow);
  assert.deepEqual([delivery?.result, delivery?.detail, state], ['obsolete', 'STARTED', 'closed']);
  assert.deepEqual(outcome, succeeded);
});
