import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { apiScopes, type ApiScope } from '../../src/config/settings/api.ts';
import { startWorld } from '../support/start-world.ts';
import type { World } from '../support/world.ts';

interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

interface Job {
  id: string;
  state: string;
  caller?: string;
}

/** As a proxy on this machine passes it on: not local. */
const stranger = { 'x-forwarded-for': '192.0.2.7' };
const people: ApiScope[] = ['run', 'read', 'results'];
const entries = {
  ann: { scopes: people },
  bob: { scopes: people },
  narrow: { scopes: people, templates: ['echo'] },
  supplier: { scopes: ['supply' as const], templates: ['echo'], connectors: ['provider'] },
  provider: { scopes: people, connectors: ['provider'] },
  root: { scopes: [...people, 'admin' as const] },
  ...Object.fromEntries(apiScopes.map((scope) => [`only-${scope}`, { scopes: [scope], connectors: ['*'] }])),
};

function keyOf(name: string): string {
  return `key-of-${name}-with-more-than-thirty-two-characters`;
}

const keys = Object.entries(entries).map(([name, entry]) => ({
  name,
  sha256: hash('sha256', keyOf(name)),
  ...entry,
}));

async function start(t: TestContext): Promise<World> {
  // On a busy machine an answer may take long, and a socket that is closed is no answer.
  return await startWorld(t, { settings: { api: { keys }, http: { answerDeadlineMillis: 20_000 } } });
}

function askerOf({ service }: World) {
  return async function ask(
    path: string,
    {
      as,
      method = 'GET',
      body,
      headers = {},
    }: { as?: string; method?: string; body?: object; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const answer = await fetch(`${service.url}${path}`, {
      method,
      headers: {
        ...stranger,
        ...(as === undefined ? {} : { authorization: `Bearer ${keyOf(as)}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json') === true;
    const parsed = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
    return { status: answer.status, headers: answer.headers, body: parsed };
  };
}

interface Document {
  paths: Record<string, Record<string, { operationId: string; security?: Record<string, ApiScope[]>[] }>>;
  components: { securitySchemes: object };
}

/** The operations of the API with the scope that each needs, as the service describes its routes. */
async function listOperations(ask: ReturnType<typeof askerOf>) {
  const { paths, components } = (await ask('/openapi.json')).body as unknown as Document;
  assert.deepEqual(Object.keys(components.securitySchemes), ['bearer', 'apiKey']);
  return Object.entries(paths).flatMap(([pattern, operations]) =>
    Object.entries(operations).flatMap(([method, { operationId, security = [] }]) => {
      const needsKey = pattern.startsWith('/api/v1/') || pattern === '/service';
      assert.equal(security.length > 0, needsKey, `${method} ${pattern}`);
      const path = pattern.replaceAll(/\{\w+\}/g, 'unknown');
      const [scope] = security.flatMap((one) => Object.values(one).flat());
      return scope === undefined ? [] : [{ operationId, method: method.toUpperCase(), path, scope }];
    }),
  );
}

test('each scope allows exactly its operations, and without a right key there are none', async (t) => {
  const ask = askerOf(await start(t));
  const operations = await listOperations(ask);
  assert.partialDeepStrictEqual(
    Object.fromEntries(operations.map(({ operationId, scope }) => [operationId, scope])),
    {
      ...{
        settings: 'read',
        listTemplates: 'read',
        getTemplate: 'read',
        listJobs: 'read',
        getJob: 'read',
        listJobDeliveries: 'read',
        replayJobDelivery: 'run',
        listDeletionRequests: 'read',
        getDeletionRequest: 'read',
        listConnectors: 'read',
        getConnector: 'read',
      },
      ...{ startJob: 'run', cancelJob: 'run', deleteJob: 'run', retryJob: 'run', startBatch: 'run' },
      ...{
        getEnvFile: 'supply',
        putEnvFile: 'supply',
        deleteEnvFile: 'supply',
        createInbox: 'supply',
        getInbox: 'supply',
        putTemplate: 'admin',
        deleteTemplate: 'admin',
      },
      ...{
        listJobResults: 'results',
        getJobFile: 'results',
        getJobZip: 'results',
        getJobManifest: 'results',
      },
    },
  );
  for (const { method, path, scope } of operations) {
    for (const other of apiScopes) {
      const { status, body } = await ask(path, { method, as: `only-${other}` });
      const what = `${method} ${path} with ${other}: ${JSON.stringify(body)}`;
      if (other === scope) assert.ok(![401, 403].includes(status) && status < 500, what);
      else {
        assert.equal(status, 403, what);
        assert.match(String(body['detail']), new RegExp(`the scope ${scope},`));
      }
    }
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { 'x-api-key': 'wrong' }]) {
      const answer = await ask(path, { method, headers });
      assert.equal(answer.status, 401);
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
      assert.equal(answer.headers.get('content-type'), 'application/problem+json');
    }
  }
});

test('a caller sees, cancels and deletes its own jobs and those of its connectors, and an administrator all', async (t) => {
  const world = await start(t);
  const ask = askerOf(world);
  async function startJob(as: string, template: string): Promise<Job> {
    const headers = { 'idempotency-key': 'the same' };
    const answer = await ask('/api/v1/jobs', { as, method: 'POST', body: { template }, headers });
    assert.equal(answer.status, 202, JSON.stringify(answer.body));
    return answer.body as unknown as Job;
  }
  async function listed(as?: string): Promise<string[]> {
    const local = as === undefined ? await fetch(`${world.service.url}/api/v1/jobs`) : undefined;
    const body =
      local === undefined ? (await ask('/api/v1/jobs', { as: as ?? '' })).body : await local.json();
    return (body as { items: Job[] }).items.map(({ id }) => id).sort();
  }
  const ann = await startJob('ann', 'slow');
  const bob = await startJob('bob', 'slow');
  assert.notEqual(ann.id, bob.id);
  assert.deepEqual([ann.caller, bob.caller], ['ann', 'bob']);
  assert.equal((await startJob('ann', 'slow')).id, ann.id);
  const transfer = world.connector().startTransfer({ assetId: 'gated' });
  await world.connector().waitFor(transfer.id, 'PROVISIONING_REQUESTED');
  const flow = world.flowOf(transfer);

  const all = [ann.id, bob.id, flow].sort();
  assert.deepEqual(await listed('ann'), [ann.id]);
  assert.deepEqual(await listed('bob'), [bob.id]);
  assert.deepEqual(await listed('provider'), [flow]);
  assert.deepEqual(await listed('narrow'), []);
  assert.deepEqual(await listed('root'), all);
  assert.deepEqual(await listed(), all);

  const unknown = `flow-${'a'.repeat(26)}`;
  for (const id of [ann.id, flow, unknown])
    for (const [method, path] of [
      ['GET', `/api/v1/jobs/${id}`],
      ['POST', `/api/v1/jobs/${id}/cancel`],
      ['POST', `/api/v1/jobs/${id}/retry`],
      ['DELETE', `/api/v1/jobs/${id}`],
      ['GET', `/api/v1/jobs/${id}/deliveries`],
      ['GET', `/api/v1/deletion-requests/${id}`],
      ['POST', `/api/v1/jobs/${id}/deliveries/1/replay`],
      ['GET', `/api/v1/jobs/${id}/results`],
      ['GET', `/api/v1/jobs/${id}/results/archive.zip`],
    ] as const) {
      const { status, body } = await ask(path, { as: 'bob', method });
      assert.deepEqual([status, body['detail']], [404, 'there is no such job'], `${method} ${path}`);
    }
  const still = await ask(`/api/v1/jobs/${ann.id}`, { as: 'ann' });
  assert.ok(!['cancelled', 'succeeded', 'failed'].includes(String(still.body['state'])));
  assert.equal((await ask(`/api/v1/jobs/${flow}`, { as: 'provider' })).body['connector'], 'provider');
  assert.equal((await ask(`/api/v1/jobs/${ann.id}/cancel`, { as: 'root', method: 'POST' })).status, 202);
  assert.equal((await ask(`/api/v1/jobs/${bob.id}`, { as: 'bob', method: 'DELETE' })).status, 202);
  world.gate.open();
});

test('a key is bound to its templates, a wrong one helps nobody on this machine, and no log has one', async (t) => {
  const world = await start(t);
  const ask = askerOf(world);
  const { body } = await ask('/api/v1/templates', { as: 'narrow' });
  assert.deepEqual(
    (body['items'] as { name: string }[]).map(({ name }) => name),
    ['echo'],
  );
  for (const template of ['slow', 'no-such-template']) {
    const started = await ask('/api/v1/jobs', { as: 'narrow', method: 'POST', body: { template } });
    const looked = await ask(`/api/v1/templates/${template}`, { as: 'narrow' });
    const dry = await ask('/api/v1/jobs?dryRun=All', { as: 'narrow', method: 'POST', body: { template } });
    for (const { status, body: problem } of [started, dry, looked]) {
      assert.deepEqual([status, problem['field']], [403, 'template']);
      assert.match(String(problem['detail']), /expected one of echo$/);
    }
  }
  const supplies: [string, number, string][] = [
    ['rest/assets/echo', 403, 'connector'],
    ['unknown/assets/echo', 403, 'connector'],
    ['provider/assets/slow', 403, 'template'],
    // This template takes none.
    ['provider/assets/echo', 422, 'body'],
  ];
  for (const [path, status, field] of supplies) {
    const options = { as: 'supplier', method: 'PUT', body: {} };
    const answer = await ask(`/api/v1/connectors/${path}/env`, options);
    assert.deepEqual([answer.status, answer.body['field']], [status, field], path);
  }
  // They are not writable unless a setting says so.
  const off = await ask('/api/v1/templates/echo', { as: 'root', method: 'PUT', body: { files: {} } });
  assert.deepEqual([off.status, off.headers.get('allow')], [405, 'GET, HEAD']);
  const barred = await ask('/api/v1/jobs', { as: 'provider', method: 'POST', body: { template: 'echo' } });
  assert.equal(barred.status, 403);
  const wrong = await fetch(`${world.service.url}/api/v1/jobs`, {
    headers: { 'x-api-key': `${keyOf('ann')}x` },
  });
  assert.equal(wrong.status, 401);
  const log = world.service.log.join('\n');
  assert.match(log, /"caller":"narrow"/);
  for (const name of Object.keys(entries)) assert.ok(!log.includes(keyOf(name)), name);
});
