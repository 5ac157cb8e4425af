import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { ServiceError } from '../../../src/errors.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { readTraffic, versions } from './read-traffic.ts';
import { memoryFlows } from '../http/memory-flows.ts';
import { aConnector, ask, problemIn, provisionBody, startHttp, token } from '../http/start-http.ts';

const path = `/connectors/edc/${token}/provision`;

for (const version of versions) {
  for (const mode of ['push', 'pull']) {
    test(`answers the recorded requests as the recording did, and knows a deprovision: ${version} ${mode}`, async (t) => {
      const flows = memoryFlows();
      const recorded = (await readTraffic(`${version}-control-plane-${mode}`)).filter(
        ({ kind }) => kind === 'request',
      );
      const { callbackAddress } = JSON.parse(recorded[0]?.body ?? '') as { callbackAddress: string };
      const connectors = [{ ...aConnector('edc', ['*']), callbackPrefix: callbackAddress }];
      const { port } = await startHttp(t, { flows, connectors });
      for (const [index, { body, status }] of recorded.entries()) {
        if (index > 0) flows.deliver();
        const reply = await ask(port, path, {
          body,
          headers: { 'user-agent': 'okhttp/4.12.0', 'accept-encoding': 'gzip' },
        });
        assert.equal(reply.status, status);
      }
      assert.equal(flows.views.size, 1);
      const [view] = flows.views.values();
      assert.equal(view?.request.consumer, 'consumer');
      assert.equal(view.request.callbackAddress, callbackAddress);
      assert.equal(view.deprovisioned, recorded.length > 1);
    });
  }
}

test('a repeat is answered as the first was, after it was recorded', async (t) => {
  const flows = memoryFlows();
  const { port } = await startHttp(t, { flows });
  const first = await ask(port, path, { body: provisionBody({ type: undefined }) });
  const again = await ask(port, path, { body: provisionBody({ type: undefined, policy: { other: 1 } }) });
  assert.deepEqual([first.status, again.status], [200, 200]);
  assert.equal(flows.views.size, 1);
  assert.deepEqual(flows.repeats, [...flows.views.keys()]);
});

test('one line of the log says who asked for what, for which flow, and how it was answered', async (t) => {
  const { log, entries, lines } = memoryLog();
  const { port, server } = await startHttp(t, { log });
  const { id } = JSON.parse((await ask(port, path, { body: provisionBody() })).body) as { id: string };
  await ask(port, path, { body: provisionBody() });
  await server.close();
  assert.equal(lines.length, 2);
  const about = ['flowId', 'job', 'connector', 'assetId', 'type', 'status', 'decision', 'answer'];
  assert.deepEqual(
    entries('request').map((entry) => about.map((member) => entry[member])),
    [
      [id, id, 'edc', 'job-asset', 'provision', 200, 'accept', 'accepted'],
      [id, id, 'edc', 'job-asset', 'provision', 200, 'record-repeat', 'repeated'],
    ],
  );
});

for (const type of ['provision', undefined]) {
  test(`a request that another one overtook is recorded too: type ${type}`, async (t) => {
    const flows = memoryFlows();
    const accept = flows.accept.bind(flows);
    flows.accept = async (...call) => {
      await accept(...call);
      return await accept(...call);
    };
    const { port } = await startHttp(t, { flows });
    assert.equal((await ask(port, path, { body: provisionBody({ type }) })).status, 200);
    assert.equal(flows.repeats.length, 1);
  });
}

test('a Job of the name that is no flow is not answered as if something followed', async (t) => {
  const flows = memoryFlows({ accept: () => Promise.resolve({ created: false, found: undefined }) });
  const { port } = await startHttp(t, { flows });
  assert.equal((await ask(port, path, { body: provisionBody() })).status, 409);
});

test('a repeat that cannot be recorded is not answered as if it were', async (t) => {
  const flows = memoryFlows({
    recordRepeat: () =>
      Promise.reject(new ServiceError('cluster-unavailable', 'connect ECONNREFUSED 10.0.0.1:6443')),
  });
  const { port } = await startHttp(t, { flows });
  await ask(port, path, { body: provisionBody() });
  const again = await ask(port, path, { body: provisionBody() });
  assert.equal(again.status, 503);
  assert.ok(!again.body.includes('10.0.0.1'));
});

for (const { name, http, problem } of [
  { name: 'that is broken off', http: { answerDeadlineMillis: 100 }, problem: undefined },
  {
    name: 'that nobody can serve now',
    http: {},
    problem: new ServiceError('cluster-unavailable', 'not now'),
  },
]) {
  test(
    `a repeat ${name} is recorded all the same: the connector will ask once more`,
    { timeout: 120_000 },
    async (t) => {
      const marked = Promise.withResolvers<string>();
      let tries = 0;
      const flows = memoryFlows({
        async recordRepeat(flow, signal) {
          tries += 1;
          if (tries > 1) marked.resolve(flow);
          else if (problem !== undefined) throw problem;
          else await setTimeout(600_000, undefined, { signal, ref: false });
        },
      });
      await ask((await startHttp(t, { flows })).port, path, { body: provisionBody() });
      const { port } = await startHttp(t, { flows, http });
      const reply = await Promise.allSettled([ask(port, path, { body: provisionBody() })]);
      assert.notEqual(reply[0].status === 'fulfilled' && reply[0].value.status, 200);
      assert.deepEqual([await marked.promise], [...flows.views.keys()]);
    },
  );
}

test('a repeat is answered although its template is no longer there', async (t) => {
  const flows = memoryFlows();
  const { port } = await startHttp(t, { flows });
  await ask(port, path, { body: provisionBody() });
  const later = await startHttp(t, { flows, templates: [] });
  assert.equal((await ask(later.port, path, { body: provisionBody() })).status, 200);
  assert.equal(
    (await ask(later.port, path, { body: provisionBody({ transferProcessId: 'tp-2' }) })).status,
    404,
  );
});

const conflicts = [
  { name: 'another asset', path, body: provisionBody({ assetId: 'other-asset' }) },
  {
    name: 'another asset without type',
    path,
    body: provisionBody({ assetId: 'other-asset', type: undefined }),
  },
  { name: 'another template', path: `${path}/other`, body: provisionBody() },
];
for (const { name, path: second, body } of conflicts) {
  test(`${name} under the same ids is a conflict`, async (t) => {
    const flows = memoryFlows();
    const { port } = await startHttp(t, { flows });
    await ask(port, path, { body: provisionBody() });
    assert.equal((await ask(port, second, { body })).status, 409);
    assert.equal(flows.views.size, 1);
  });
}

test('a deprovision is answered with exactly 200, of an unknown flow too, and twice', async (t) => {
  const flows = memoryFlows();
  const { port } = await startHttp(t, { flows });
  const body = provisionBody({ type: 'deprovision', callbackAddress: 'http://moved.example.org/callback' });
  assert.equal((await ask(port, path, { body })).status, 200);
  assert.equal(flows.views.size, 0);
  await ask(port, path, { body: provisionBody() });
  assert.deepEqual(
    [(await ask(port, path, { body })).status, (await ask(port, path, { body })).status],
    [200, 200],
  );
  assert.equal([...flows.views.values()][0]?.deprovisioned, true);
});

test('a provision after its deprovision is refused: nothing would follow', async (t) => {
  const flows = memoryFlows();
  const { port } = await startHttp(t, { flows });
  await ask(port, path, { body: provisionBody() });
  flows.deliver();
  await ask(port, path, { body: provisionBody({ type: 'deprovision' }) });
  const { status, body } = await ask(port, path, { body: provisionBody() });
  assert.equal(status, 409);
  assert.match(body, /expected new ones.*has ended/);
  assert.equal(flows.views.size, 1);
});

for (const type of ['provision', undefined] as const) {
  test(`a repeat after an outcome that no connector took is refused: type ${type ?? 'absent'}`, async (t) => {
    const flows = memoryFlows();
    const { port } = await startHttp(t, { flows });
    await ask(port, path, { body: provisionBody({ type }) });
    for (const view of flows.views.values()) view.phase = 'ended';
    assert.equal((await ask(port, path, { body: provisionBody({ type }) })).status, 409);
    assert.deepEqual(flows.repeats, []);
  });
}

const ends = [
  {
    name: 'the connector takes is a deprovision',
    end: { delivered: true, over: true },
    answer: 'deprovisioned',
  },
  { name: 'fails is a repeat', end: { delivered: false, over: false }, answer: 'repeated' },
];
for (const { name, end, answer } of ends) {
  test(`a request without a type that comes during a delivery attempt which ${name}`, async (t) => {
    const flows = memoryFlows();
    const { port } = await startHttp(t, { flows, http: { busyHoldMillis: 60_000 } });
    await ask(port, path, { body: provisionBody({ type: undefined }) });
    flows.startAttempt();
    const find = flows.find.bind(flows);
    let looks = 0;
    flows.find = async (...call) => {
      const found = await find(...call);
      looks += 1;
      return found && (looks === 1 ? found : { ...found, ...end, delivering: false });
    };
    const reply = await ask(port, path, { body: provisionBody({ type: undefined }) });
    assert.equal(reply.status, 200);
    assert.equal((JSON.parse(reply.body) as { answer: string }).answer, answer);
  });
}

test('a request without a type is not answered while nobody knows what it is, and holds the next attempt back', async (t) => {
  const flows = memoryFlows();
  const { port } = await startHttp(t, { flows });
  await ask(port, path, { body: provisionBody({ type: undefined }) });
  flows.startAttempt();
  assert.equal((await ask(port, path, { body: provisionBody({ type: undefined }) })).status, 503);
  assert.notEqual(flows.repeats.length, 0);
  assert.equal((await ask(port, path, { body: provisionBody({ type: 'provision' }) })).status, 200);
  assert.equal([...flows.views.values()][0]?.deprovisioned, false);
});

test('a template is taken by the asset, or by its name in the path', async (t) => {
  const flows = memoryFlows();
  const { port } = await startHttp(t, { flows });
  await ask(port, path, { body: provisionBody() });
  await ask(port, `${path}/other`, {
    body: provisionBody({ transferProcessId: 'tp-2', assetId: 'other-asset' }),
  });
  assert.deepEqual(
    Array.from(flows.views.values(), ({ request }) => request.template),
    ['echo', 'other'],
  );
});

const refused = [
  { name: 'an unknown template', path: `${path}/nothing`, body: provisionBody(), status: 404 },
  {
    name: 'an asset that no template serves',
    path,
    body: provisionBody({ assetId: 'no-asset' }),
    status: 404,
  },
  {
    name: 'a template that is not for this connector',
    path: `/connectors/narrow/${token}/provision/echo`,
    body: provisionBody({ callbackAddress: 'http://narrow.example.org/management/callback' }),
    status: 403,
  },
  {
    name: 'an asset whose template is not for this connector',
    path: `/connectors/narrow/${token}/provision`,
    body: provisionBody({ callbackAddress: 'http://narrow.example.org/management/callback' }),
    status: 404,
  },
  {
    name: 'a callback outside the prefix',
    path,
    body: provisionBody({ callbackAddress: 'http://evil.example.org/management/callback' }),
    status: 400,
  },
  {
    name: 'a callback at another connector',
    path,
    body: provisionBody({ callbackAddress: 'http://narrow.example.org/management/callback' }),
    status: 400,
  },
  { name: 'an id that is missing', path, body: provisionBody({ transferProcessId: undefined }), status: 400 },
  { name: 'a list', path, body: [], status: 400 },
  { name: 'no JSON', path, body: '{"assetId":', status: 400 },
  { name: 'an empty body', path, body: '', status: 400 },
  {
    name: 'a form',
    path,
    body: 'a=b',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    status: 415,
  },
  {
    name: 'a body in an encoding nobody knows',
    path,
    body: '{}',
    headers: { 'content-encoding': 'zzz' },
    status: 415,
  },
  { name: 'a large body', path, body: provisionBody({ policy: 'x'.repeat(20_000) }), status: 413 },
  {
    name: 'a large body in chunks',
    path,
    body: provisionBody({ policy: 'x'.repeat(20_000) }),
    headers: { 'transfer-encoding': 'chunked' },
    status: 413,
  },
  { name: 'a path that is wrongly encoded', path: `${path}/%zz`, body: provisionBody(), status: 404 },
];
for (const { name, path: where, body, headers = {}, status } of refused) {
  test(`is refused for good and stores nothing: ${name}`, async (t) => {
    const flows = memoryFlows();
    const { port } = await startHttp(t, { flows });
    const reply = await ask(port, where, { body, headers });
    assert.equal(reply.status, status, reply.body);
    assert.match(String(reply.headers['content-type']), /^application\/problem\+json/);
    assert.match(problemIn(reply).type, /^urn:edc-job-provisioner:problem:[a-z-]+$/);
    assert.equal(problemIn(reply).status, status);
    assert.ok(!reply.body.includes('at '.concat('file:')), 'no stack');
    assert.equal(flows.views.size, 0);
  });
}

test('a new provision is stored without looking whether it is known; one that does not say what it is, is looked for', async (t) => {
  let looks = 0;
  const flows = memoryFlows({
    find: () => {
      looks += 1;
      return Promise.resolve(undefined);
    },
  });
  const { port } = await startHttp(t, { flows });
  assert.equal((await ask(port, path, { body: provisionBody() })).status, 200);
  assert.equal(looks, 0);
  const untyped = provisionBody({ type: undefined, transferProcessId: 'tp-2' });
  assert.equal((await ask(port, path, { body: untyped })).status, 200);
  assert.equal(looks, 1);
  assert.equal(flows.views.size, 2);
});

const obstacles = [
  { name: 'the store is out of reach', code: 'store-unavailable', status: 503 },
  { name: 'the cluster admits no such Job any more', code: 'cluster-refused', status: 422 },
] as const;

for (const { name, code, status } of obstacles)
  test(`a repeat is answered while ${name}, and a new provision is not accepted`, async (t) => {
    const flows = memoryFlows();
    const { port } = await startHttp(t, { flows });
    await ask(port, path, { body: provisionBody() });
    function down(): Promise<never> {
      return Promise.reject(new ServiceError(code, 'down'));
    }
    async function find(...call: Parameters<typeof flows.find>) {
      return (await flows.find(...call)) ?? (await down());
    }
    const later = await startHttp(t, { flows: { ...flows, accept: down, find } });
    assert.equal((await ask(later.port, path, { body: provisionBody() })).status, 200);
    assert.equal(flows.repeats.length, 1);
    const other = provisionBody({ transferProcessId: 'tp-2' });
    assert.equal((await ask(later.port, path, { body: other })).status, status);
  });

test('a failure nobody foresaw is told without its words', async (t) => {
  const flows = memoryFlows({ accept: () => Promise.reject(new TypeError('secret inside')) });
  const { port } = await startHttp(t, { flows });
  const reply = await ask(port, path, { body: provisionBody() });
  assert.equal(reply.status, 500);
  assert.ok(!reply.body.includes('secret inside'));
});
