import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordKey } from '../../src/flow/keys.ts';
import { startFaultyProxy } from '../support/faulty-proxy.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Deletion {
  id: string;
  state: string;
  requestedAt: string;
  requestedBy: { connector: string; caller?: string };
  attempts: number;
  problem?: string;
  deletedAt?: string;
  removed?: { objects: number; bytes: number };
  jobDeleted?: boolean;
}

interface Page {
  items: Deletion[];
  next?: string;
}

test('people see what a deletion has removed, when, and who requested it, also after failures and when the Job is gone', async (t) => {
  const world = await startWorld(t, { replicas: 0 });
  const store = await startFaultyProxy(world.servers.s3.endpoint, process.env['TEST_HOST']);
  t.after(() => store[Symbol.asyncDispose]());
  const { podEndpoint } = world.servers.s3;
  const service = await world.addService({
    http: { answerDeadlineMillis: 20_000 },
    store: { endpoint: store.url, podEndpoint },
  });
  await service.start();
  const api = `${service.url}/api/v1`;
  async function get<T>(path: string): Promise<T> {
    const answer = await fetch(`${api}${path}`);
    assert.equal(answer.status, 200, await answer.clone().text());
    return (await answer.json()) as T;
  }
  async function remove(id: string): Promise<Response> {
    const answer = await fetch(`${api}/jobs/${id}`, { method: 'DELETE' });
    await answer.body?.cancel();
    return answer;
  }
  async function ended(template: string): Promise<string> {
    const body = JSON.stringify({ template });
    const headers = { 'content-type': 'application/json' };
    const { id } = (await (await fetch(`${api}/jobs`, { method: 'POST', headers, body })).json()) as Deletion;
    await waitUntil('the record is written', () => world.bucket.record(id));
    return id;
  }
  const kept = await ended('echo');
  const job = await ended('many-files');
  const request = `/deletion-requests/${job}`;
  assert.equal((await fetch(`${api}${request}`)).status, 404);
  const objects = (await world.bucket.keys(`flows/${job}/`)).filter((key) => key !== recordKey(job)).length;
  assert.ok(objects > 1);

  store.fault = ({ method, path }) =>
    method === 'POST' && path.includes('delete')
      ? { kind: 'status', when: 'before', status: 400 }
      : undefined;
  for (const answer of await Promise.all([job, job].map(remove))) {
    assert.equal(answer.status, 202);
    assert.match(answer.headers.get('location') ?? '', new RegExp(`/api/v1${request}$`));
  }
  const failed = await waitUntil('a second attempt has failed', async () => {
    const found = await get<Deletion>(request);
    return found.state === 'failed' && found.attempts > 1 ? found : undefined;
  });
  assert.equal(failed.problem, 'store-refused');
  assert.equal(failed.removed?.objects, objects);
  assert.equal((await fetch(`${api}/jobs/${job}/results`)).status, 410);
  await service.stop();
  await service.start();
  const restarted = await get<Deletion>(request);
  assert.equal(restarted.state, 'failed');
  assert.ok(restarted.attempts >= failed.attempts);

  store.fault = () => undefined;
  const done = await waitUntil('the results are deleted', async () => {
    const found = await get<Deletion>(request);
    return found.state === 'deleted' ? found : undefined;
  });
  assert.deepEqual(await world.bucket.keys(`flows/${job}/`), [recordKey(job)]);
  assert.ok((await world.bucket.results(kept)).length > 0);
  assert.deepEqual(done.requestedBy, { connector: 'rest', caller: 'local' });
  assert.deepEqual([done.removed, done.problem, done.jobDeleted], [failed.removed, undefined, false]);
  assert.ok(done.requestedAt <= (done.deletedAt ?? ''));
  assert.deepEqual(await world.namespace.pods(job), []);
  const { links } = await get<{ links: Record<string, string> }>(`/jobs/${job}`);
  assert.match(links['deletion'] ?? '', new RegExp(`${request}$`));

  await waitUntil('the record has it', async () => (await world.bucket.record(job))?.resultsDeletedAt);
  await world.namespace.deleteJob(job);
  await waitUntil('the Job is gone', async () => (await world.namespace.job(job)) === undefined);
  assert.deepEqual(await get<Deletion>(request), { ...done, jobDeleted: true });
  await remove(kept);
  await waitUntil(
    'the request is listed',
    async () => (await get<Page>('/deletion-requests')).items.length > 1,
  );
  const first = await get<Page>('/deletion-requests?limit=1');
  const second = await get<Page>(`/deletion-requests?limit=1&cursor=${first.next ?? ''}`);
  assert.deepEqual(
    [first, second].map(({ items }) => items.map(({ id }) => id)),
    [[job], [kept]],
  );
  assert.equal(second.next, undefined);
  const wrong = await fetch(`${api}/deletion-requests?state=gone`);
  assert.deepEqual([wrong.status, ((await wrong.json()) as { field: string }).field], [400, 'state']);
});
