import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test, type TestContext } from 'node:test';
import { ServiceError } from '../../../../../src/errors.ts';
import type { FlowRequest } from '../../../../../src/flow/flow-request.ts';
import { flowName } from '../../../../../src/flow/names.ts';
import type { Outcome } from '../../../../../src/flow/outcome.ts';
import { createDownloadSlots } from '../../../../../src/http/download-slots.ts';
import { demoRoutes, type DemoRouteDeps } from '../../../../../src/http/routes/demo/demo.ts';
import { resultRoutes } from '../../../../../src/http/routes/results.ts';
import { createManifestCache } from '../../../../../src/result/manifest-cache.ts';
import type { RenderedTemplate, Template } from '../../../../../src/template/template.ts';
import { aTemplate } from '../../../../support/template-values.ts';
import { waitUntil } from '../../../../support/wait-until.ts';
import { readZip } from '../../../result/archive/read-archive.ts';
import { attempt, flow, memoryStore, sidecarWrites } from '../../../result/stored-results.ts';
import { flowView } from '../../flow-views.ts';
import { ask, httpConfig, serveRoutes, type Asked } from '../serve-routes.ts';

const keys = [{ id: 'k', key: 'secret' }];

function template(name: string): Template {
  return aTemplate({
    name,
    assets: [{ id: `urn:${name}`, parameters: {} }],
    parameters: { type: 'object', properties: { rate: { type: 'integer', minimum: 1 } }, required: [] },
    environment: { BASE: 'yes' },
  });
}

const open = { results: () => Promise.resolve({ access: 'open' as const }) };

/** A cluster whose jobs run until the test says how they end. */
interface World {
  contents?: Record<string, Buffer>;
  unauthenticated?: 'off' | 'loopback';
}

async function serve(
  t: TestContext,
  { contents = { 'out.txt': Buffer.from('result') }, unauthenticated = 'loopback' }: World = {},
) {
  const written = sidecarWrites(contents);
  const results = {
    attempt,
    files: written.report.files,
    bytes: written.report.bytes,
    manifestSha256: '',
    manifestEtag: '',
  };
  const succeeded: Outcome = { phase: 'succeeded', at: '2026-01-02T03:04:05Z', results };
  const accepted: { request: FlowRequest; rendered: RenderedTemplate }[] = [];
  const cancelled: string[] = [];
  const state: { outcome: Outcome | undefined; looks: number } = { outcome: undefined, looks: 0 };
  const store = memoryStore(written.objects);
  const deps: DemoRouteDeps = {
    http: httpConfig,
    results: { addressSeconds: 3600 },
    keys,
    templates: [template('zebra'), template('ant'), template('bee')],
    flows: {
      accept: (wanted) => {
        assert.ok('rendered' in wanted);
        accepted.push({ request: wanted.request, rendered: wanted.rendered });
        return Promise.resolve({ created: true });
      },
      // The store holds the results of one flow: every flow's view leads there.
      view: () => {
        state.looks += 1;
        return Promise.resolve({ ...flowView(state.outcome ? 'ended' : 'running', state.outcome), flow });
      },
      end: (name, reason) => {
        cancelled.push(`${name} ${reason}`);
        return Promise.resolve('accepted');
      },
    },
    store,
    slots: createDownloadSlots({ limit: 10 }),
    idleMillis: 60_000,
    manifests: createManifestCache(store),
    now: () => new Date('2026-01-02T03:04:05Z'),
    newId: () => `id-${accepted.length}`,
    poll: { firstMillis: 1, maxMillis: 1 },
  };
  const routes = [...demoRoutes(deps), ...resultRoutes({ ...deps, flows: open })];
  const port = await serveRoutes(t, routes, { unauthenticated });
  function get(path: string, more: Partial<Asked> = {}) {
    return ask({ port, path, headers: { host: `localhost:${port}` }, ...more });
  }
  return { port, get, state, succeeded, accepted, cancelled, deps };
}

const failed: Outcome = {
  phase: 'failed',
  at: '2026-01-02T03:04:05Z',
  reason: 'worker-failed',
  message: 'exit code 1',
  detail: 'first\nno input',
};

test('it waits for the job and sends its only file, and says where it can be fetched again', async (t) => {
  const { get, state, succeeded, accepted, cancelled } = await serve(t);
  const asked = get('/demo/bee?rate=3');
  await waitUntil('it has looked a few times', () => state.looks > 3);
  state.outcome = succeeded;
  const { status, headers, body } = await asked;
  assert.deepEqual(
    [status, body.toString(), headers['content-type']],
    [200, 'result', 'text/plain; charset=utf-8'],
  );
  const [{ request: made, rendered } = assert.fail()] = accepted;
  assert.deepEqual(made, {
    dialect: 'rest',
    connector: 'rest',
    ids: { requestId: 'id-0' },
    assetId: 'urn:bee',
    template: 'bee',
    acceptedAt: '2026-01-02T03:04:05.000Z',
  });
  assert.equal(rendered.environment['BASE'], 'yes');
  assert.ok(Object.values(rendered.environment).includes('3'), 'the parameter reaches the worker');
  const again = await get(String(headers['content-location']).replace('http://people.example', ''));
  assert.deepEqual([again.status, again.body.toString()], [200, 'result']);
  assert.deepEqual(cancelled, []);
});

test('several files come as the archive', async (t) => {
  const { get, state, succeeded } = await serve(t, {
    contents: { 'out.txt': Buffer.from('1'), b: Buffer.from('2') },
  });
  state.outcome = succeeded;
  const { status, body } = await get('/demo/bee');
  assert.equal(status, 200);
  assert.deepEqual(
    readZip(body).map(({ path }) => path),
    ['b', 'out.txt'],
  );
});

test('without a name it is the template called demo, else the first', async (t) => {
  const { get, state, succeeded, accepted, deps } = await serve(t);
  state.outcome = succeeded;
  await get('/demo');
  deps.templates = [...deps.templates, template('demo')];
  await get('/demo');
  assert.deepEqual(
    accepted.map(({ request: made }) => made.template),
    ['ant', 'demo'],
  );
});

test('every request is a job of its own', async (t) => {
  const { get, state, succeeded, accepted } = await serve(t);
  state.outcome = succeeded;
  await get('/demo/bee');
  await get('/demo/bee');
  assert.equal(new Set(accepted.map(({ request: made }) => flowName(made))).size, 2);
});

test('a job that fails is a problem with its reason', async (t) => {
  const { get, state } = await serve(t);
  state.outcome = failed;
  const { status, headers, body } = await get('/demo/bee');
  assert.deepEqual([status, headers['content-type']], [502, 'application/problem+json']);
  assert.deepEqual(JSON.parse(body.toString()), {
    type: 'urn:edc-job-provisioner:problem:flow-failed',
    title: 'The job failed',
    status: 502,
    detail: 'failed (worker-failed): exit code 1',
    flow,
    phase: 'failed',
    reason: 'worker-failed',
    log: ['first', 'no input'],
  });
  const lines = (await get('/demo/bee?progress')).body.toString().trim().split('\n');
  assert.deepEqual(
    lines.slice(-3).map((line) => line.replace(/^[\d:]+ /, '')),
    ['worker: first', 'worker: no input', 'failed (worker-failed): exit code 1'],
  );
});

const events = { accept: 'text/event-stream' };

for (const { name, path, headers } of [
  { name: 'lines', path: '/demo/bee?progress', headers: {} },
  { name: 'events', path: '/demo/bee', headers: events },
]) {
  test(`progress is sent in ${name}, while it happens, and ends with an address`, async (t) => {
    const { port, get, state, succeeded } = await serve(t);
    const { promise, resolve } = Promise.withResolvers<string>();
    const client = request(
      { host: '127.0.0.1', port, path, headers: { ...headers, host: 'localhost' } },
      (res) => {
        let text = '';
        res.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
          if (text.includes('running')) state.outcome = succeeded;
        });
        res.once('end', () => {
          resolve(text);
        });
      },
    );
    client.end();
    const text = (await promise).replace(/event: done[^]*$/, '');
    const told = text
      .trim()
      .split(/\n+/)
      .filter((line) => !/^(retry|id): /.test(line))
      .map((line) => line.replace(/^data: /, ''));
    assert.match(told[0] ?? '', /^03:04:05 accepted as flow-/);
    assert.deepEqual(told.slice(1, 3), ['03:04:05 running', '03:04:05 succeeded: 1 file, 6 bytes']);
    assert.equal(told.length, 4);
    const { body } = await get((told[3] ?? '').replace('http://people.example', ''));
    assert.equal(body.toString(), 'result');
  });
}

for (const path of ['/demo/bee', '/demo/bee?progress']) {
  test(`leaving ${path} cancels the flow`, async (t) => {
    const { port, state, accepted, cancelled } = await serve(t);
    const client = request({ host: '127.0.0.1', port, path, headers: { host: 'localhost' } });
    client.once('error', () => undefined);
    client.end();
    await waitUntil('it waits', () => state.looks > 1);
    client.destroy();
    await waitUntil('the flow is cancelled', () => cancelled.length > 0);
    assert.deepEqual(
      cancelled,
      accepted.map(({ request: made }) => `${flowName(made)} cancelled-by-user`),
    );
  });
}

test('a flow is cancelled as soon as the cluster can be asked again', async (t) => {
  const { port, state, cancelled, deps } = await serve(t);
  const { end } = deps.flows;
  let asked = 0;
  deps.flows.end = (...given) => {
    asked += 1;
    return asked === 1 ? Promise.reject(new ServiceError('cluster-unavailable', 'not now')) : end(...given);
  };
  const client = request({ host: '127.0.0.1', port, path: '/demo/bee', headers: { host: 'localhost' } });
  client.once('error', () => undefined);
  client.end();
  await waitUntil('it waits', () => state.looks > 1);
  client.destroy();
  await waitUntil('the flow is cancelled', () => cancelled.length > 0);
});

test('events have the id of their flow, say when to come again, and end with one that says how', async (t) => {
  const { get, state, succeeded, accepted, cancelled } = await serve(t);
  state.outcome = succeeded;
  const text = (await get('/demo/bee', { headers: { ...events, host: 'localhost' } })).body.toString();
  const [{ request: made } = assert.fail()] = accepted;
  const id = flowName(made);
  assert.match(text, new RegExp(`^retry: \\d+\\nid: ${id}\\ndata: `));
  assert.ok(text.endsWith(`\n\nevent: done\nid: ${id}/done\ndata: succeeded\n\n`), text);
  assert.deepEqual(cancelled, []);
});

test('a reader that connects again after the end runs no job, and is answered with 204', async (t) => {
  const { get, state, succeeded, accepted } = await serve(t);
  state.outcome = succeeded;
  const first = (await get('/demo/bee', { headers: { ...events, host: 'localhost' } })).body.toString();
  const ids = [...first.matchAll(/^id: (.*)$/gm)].map(([, id]) => id);
  const headers = { ...events, host: 'localhost', 'last-event-id': ids.at(-1) ?? '' };
  const { status, body } = await get('/demo/bee', { headers });
  assert.deepEqual([status, body.length, accepted.length], [204, 0, 1]);
});

test('a reader that was cut off goes on with its own flow, and with no connector’s', async (t) => {
  const { get, state, succeeded, accepted, deps } = await serve(t);
  state.outcome = succeeded;
  await get('/demo/bee', { headers: { ...events, host: 'localhost' } });
  const [{ request: made } = assert.fail()] = accepted;
  const id = flowName(made);
  const headers = { ...events, host: 'localhost', 'last-event-id': id };
  const { view: viewOf } = deps.flows;
  deps.flows.view = async (name, signal) => {
    const view = await viewOf(name, signal);
    return view && { ...view, request: name === id ? made : { ...made, dialect: 'control-plane' } };
  };
  const resumed = await get('/demo/bee', { headers });
  assert.equal(resumed.status, 200);
  assert.match(resumed.body.toString(), new RegExp(`id: ${id}\\n[^]*event: done\\n`));
  const another = `flow-${'a'.repeat(26)}`;
  for (const foreign of [another, 'nonsense', `${id}/other`, '../../secrets'])
    assert.equal((await get('/demo/bee', { headers: { ...headers, 'last-event-id': foreign } })).status, 204);
  assert.equal(accepted.length, 1);
});

for (const { name, path, error, status } of [
  { name: 'an acceptance that timed out', path: '/demo/bee', error: 'cluster-unavailable', status: 503 },
  { name: 'an acceptance that is refused', path: '/demo/bee', error: 'cluster-refused', status: 422 },
] as const) {
  const leaves =
    error === 'cluster-refused' ? 'no flow' : 'a flow that is cancelled, also where its Job comes later';
  test(`${name} leaves ${leaves}`, async (t) => {
    const { get, cancelled, deps } = await serve(t);
    const { end } = deps.flows;
    const asked: string[] = [];
    deps.flows.accept = () => Promise.reject(new ServiceError(error, 'not now'));
    deps.flows.end = (...given) => {
      asked.push(given[0]);
      return asked.length < 3 ? Promise.resolve('unknown') : end(...given);
    };
    assert.equal((await get(path)).status, status);
    if (error === 'cluster-refused') {
      assert.deepEqual(asked, []);
      return;
    }
    await waitUntil('it is cancelled', () => cancelled.length > 0);
    assert.deepEqual(cancelled, [
      `${flowName({ dialect: 'rest', connector: 'rest', ids: { requestId: 'id-0' } })} cancelled-by-user`,
    ]);
  });
}

for (const { name, path } of [
  { name: 'a job that is waited for', path: '/demo/bee' },
  { name: 'a job whose progress is told', path: '/demo/bee?progress' },
]) {
  test(`${name} is cancelled when it cannot be followed any more`, async (t) => {
    const { get, cancelled, deps, accepted } = await serve(t);
    deps.flows.view = () => Promise.reject(new ServiceError('cluster-refused', 'no right to read'));
    await get(path);
    await waitUntil('it is cancelled', () => cancelled.length > 0);
    assert.deepEqual(
      cancelled,
      accepted.map(({ request: made }) => `${flowName(made)} cancelled-by-user`),
    );
  });
}

const refused: {
  name: string;
  path?: string;
  method?: string;
  headers?: Record<string, string>;
  unauthenticated?: 'off';
  status: number;
}[] = [
  { name: 'another host name', headers: { host: 'evil.example' }, status: 404 },
  { name: 'a proxy', headers: { host: 'localhost', 'x-forwarded-for': '10.0.0.1' }, status: 404 },
  {
    name: "another site's page",
    headers: { host: 'localhost', 'sec-fetch-site': 'cross-site' },
    status: 403,
  },
  { name: 'the setting', unauthenticated: 'off', status: 404 },
  { name: 'HEAD', method: 'HEAD', status: 405 },
  { name: 'an unknown template', path: '/demo/wasp', status: 404 },
  { name: 'a value that is not one', path: '/demo/bee?rate=fast', status: 400 },
  { name: 'a value out of bounds', path: '/demo/bee?rate=0', status: 400 },
  { name: 'a parameter given twice', path: '/demo/bee?rate=1&rate=2', status: 400 },
  { name: 'an unknown parameter', path: '/demo/bee?colour=red', status: 400 },
];
for (const { name, path = '/demo/bee', status, unauthenticated, ...more } of refused) {
  test(`${name} starts no job`, async (t) => {
    const { get, accepted } = await serve(t, unauthenticated === undefined ? {} : { unauthenticated });
    const answer = await get(path, more);
    assert.deepEqual([answer.status, accepted.length], [status, 0]);
  });
}
