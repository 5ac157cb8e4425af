import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { shellTemplate } from '../support/shell-template.ts';
import { startWorld } from '../support/start-world.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Problem {
  detail: string;
  errors?: { pointer: string; detail: string }[];
}

interface Job {
  id: string;
  state: string;
  endedAt?: string;
}

const admin = 'key-of-the-administrator-with-32-characters';
const other = 'key-of-somebody-else-with-more-than-32-characters';
const keys = [
  { name: 'admin', sha256: hash('sha256', admin), scopes: ['admin', 'run', 'read', 'results'] },
  { name: 'other', sha256: hash('sha256', other), scopes: ['run', 'read', 'supply'] },
];

/** Its script lies in `files/`, so that a job of this version needs them. */
function saying(word: string): Record<string, string> {
  return shellTemplate({
    script: 'sh /files/say.sh',
    files: { 'say.sh': `printf ${word} > "$RESULT_DIRECTORY/said.txt"\n` },
  });
}

test('a template is stored, used by every replica, replaced and deleted, and a job keeps the version of its acceptance', async (t) => {
  const world = await startWorld(t, {
    replicas: 2,
    settings: {
      api: { keys },
      templates: { writable: true, refreshSeconds: 1, maxBytes: 20_000 },
      reconciler: { maxRunning: 1, leaseSeconds: 30 },
      http: { answerDeadlineMillis: 20_000 },
    },
  });
  const [one, two] = world.services as [ServiceProcess, ServiceProcess];

  async function ask(
    path: string,
    {
      at = one,
      method = 'GET',
      body,
      headers = {},
      key = admin,
    }: { at?: ServiceProcess; method?: string; body?: object; headers?: object; key?: string } = {},
  ): Promise<Response> {
    return await fetch(`${at.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
  async function put(files: object, headers: object = {}, at = one): Promise<Response> {
    return await ask('/templates/towns', { method: 'PUT', body: { files }, headers, at });
  }
  async function start(template: string, at = one): Promise<string> {
    const answer = await ask('/jobs', { method: 'POST', body: { template }, at });
    assert.equal(answer.status, 202, await answer.clone().text());
    return ((await answer.json()) as Job).id;
  }
  async function job(id: string): Promise<Job> {
    return (await (await ask(`/jobs/${id}`)).json()) as Job;
  }
  async function said(id: string): Promise<string> {
    const { state } = await waitUntil('the job has ended', async () => {
      const found = await job(id);
      return found.endedAt !== undefined && found;
    });
    assert.equal(state, 'succeeded', id);
    return await (await ask(`/jobs/${id}/results/files/said.txt`)).text();
  }

  const bad = await put({ ...saying('x'), 'template.yaml': 'description: x\nretention: soon\n' });
  assert.equal(bad.status, 422);
  const problem = (await bad.json()) as Problem;
  assert.equal(problem.errors?.[0]?.pointer, '/files/template.yaml');
  assert.match(problem.errors[0].detail, /^line 2: retention: expected /);
  assert.equal((await put({ 'job.env': 'x'.repeat(20_000) })).status, 413);
  assert.equal((await put({ 'job.env': { base64: 'not', more: 1 } })).status, 400);
  const forbidden = await ask('/templates/towns', { method: 'PUT', body: {}, key: other });
  assert.equal(forbidden.status, 403);
  for (const method of ['PUT', 'DELETE']) {
    const body = method === 'PUT' ? { files: saying('x') } : undefined;
    const shipped = await ask('/templates/echo', { method, ...(body === undefined ? {} : { body }) });
    assert.deepEqual(
      [shipped.status, ((await shipped.json()) as Problem).detail.includes('templates.directory')],
      [409, true],
    );
  }
  assert.equal((await ask('/templates/towns')).status, 404);

  const first = await put(saying('one'), { 'if-none-match': '*' });
  assert.equal(first.status, 201, await first.clone().text());
  const { digest, stored } = (await first.json()) as { digest: string; stored: { createdBy: string } };
  assert.equal(stored.createdBy, 'admin');
  const etag = first.headers.get('etag') ?? '';
  assert.equal(etag, `"${digest}"`);
  assert.equal((await put(saying('two'), { 'if-none-match': '*' })).status, 412);
  assert.equal((await put(saying('two'), { 'if-match': '"another"' }, two)).status, 412);
  assert.equal((await ask('/templates/towns', { headers: { 'if-none-match': etag } })).status, 304);

  const gated = await start('gated');
  await waitUntil('it runs', async () => (await job(gated)).state === 'running');
  const waiting = await start('towns');
  const changed = await put(saying('two'), { 'if-match': etag }, two);
  assert.equal(changed.status, 200, await changed.clone().text());
  await waitUntil('the first replica has the new version', async () => {
    const answer = await ask('/templates/towns');
    return answer.headers.get('etag') === changed.headers.get('etag');
  });
  const after = await start('towns');
  assert.equal((await job(waiting)).state, 'accepted');
  await one.stop();
  await one.start();
  assert.equal((await ask('/templates/towns')).headers.get('etag'), changed.headers.get('etag'));
  const restarted = await start('towns');
  const stale = await ask('/templates/towns', { method: 'DELETE', headers: { 'if-match': etag } });
  assert.equal(stale.status, 412);
  assert.equal((await ask('/templates/towns', { method: 'DELETE' })).status, 204);
  assert.equal((await ask('/templates/towns', { method: 'DELETE' })).status, 404);
  assert.equal((await ask('/jobs', { method: 'POST', body: { template: 'towns' } })).status, 404);
  await waitUntil('the second replica has it no longer', async () => {
    return (await ask('/templates/towns', { at: two })).status === 404;
  });
  world.gate.open();
  assert.deepEqual(await Promise.all([waiting, after, restarted].map(said)), ['one', 'two', 'two']);
});
