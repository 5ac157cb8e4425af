import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hash } from 'node:crypto';
import { startWorld } from '../support/start-world.ts';
import type { World } from '../support/world.ts';

interface Job {
  id: string;
  state: string;
  endedAt?: string;
  outcome?: { reason: string };
  links: Record<string, string>;
}

/** A socket that is closed on a busy machine is no answer. */
const patient = { settings: { http: { answerDeadlineMillis: 20_000 } } };

const ended = ['succeeded', 'failed', 'cancelled'];

function apiOf({ service }: World) {
  const api = `${service.url}/api/v1`;
  async function start(body: object, headers: Record<string, string> = {}): Promise<Response> {
    return await fetch(`${api}/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }
  async function startJob(body: object, headers?: Record<string, string>): Promise<Job> {
    const answer = await start(body, headers);
    assert.equal(answer.status, 202, await answer.clone().text());
    return (await answer.json()) as Job;
  }
  async function get<T>(path: string): Promise<T> {
    const answer = await fetch(`${api}${path}`);
    assert.equal(answer.status, 200, await answer.clone().text());
    return (await answer.json()) as T;
  }
  async function untilEnded(id: string): Promise<Job> {
    for (;;) {
      const answer = await fetch(`${api}/jobs/${id}`, { headers: { prefer: 'wait=30' } });
      const job = (await answer.json()) as Job;
      if (ended.includes(job.state)) return job;
    }
  }
  return { api, start, startJob, get, untilEnded };
}

test('people see what can be asked for, start a job, wait for it and fetch its files', async (t) => {
  const world = await startWorld(t, patient);
  const { api, start, startJob, get, untilEnded } = apiOf(world);
  const templates = await get<{ items: { name: string; example: { body: object } }[] }>('/templates');
  const echo = templates.items.find(({ name }) => name === 'echo');
  const job = await startJob(echo?.example.body ?? {}, { 'idempotency-key': 'once' });
  const again = await startJob(echo?.example.body ?? {}, { 'idempotency-key': 'once' });
  assert.equal(again.id, job.id);
  const other = await start({ template: 'many-files' }, { 'idempotency-key': 'once' });
  assert.equal(other.status, 422);
  assert.equal(((await other.json()) as { field: string }).field, 'Idempotency-Key');
  assert.equal((await world.namespace.jobs()).length, 1);

  assert.equal((await untilEnded(job.id)).state, 'succeeded');
  const first = await fetch(`${api}/jobs/${job.id}`);
  const etag = first.headers.get('etag') ?? '';
  await first.body?.cancel();
  const same = await fetch(`${api}/jobs/${job.id}`, { headers: { 'if-none-match': etag } });
  assert.equal(same.status, 304);
  const { files, links } = await get<{
    files: { path: string; size: number; sha256: string; href: string }[];
    links: Record<string, string>;
  }>(`/jobs/${job.id}/results`);
  assert.equal(files.length, 1);
  for (const { href, sha256 } of files) {
    const bytes = Buffer.from(
      await (await fetch(href.replace(/^https?:\/\/[^/]+/, world.service.url))).arrayBuffer(),
    );
    assert.equal(hash('sha256', bytes), sha256);
  }
  assert.deepEqual(Object.keys(links), ['zip', 'tar', 'manifest']);
});

test('lists have running and ended jobs in pages that stay the same while jobs are added', async (t) => {
  const world = await startWorld(t, patient);
  const { startJob, get, untilEnded } = apiOf(world);
  const jobs: Job[] = [];
  for (const template of ['echo', 'exit-1', 'echo'])
    jobs.push(await startJob({ template, labels: { run: 'first' } }));
  for (const { id } of jobs) await untilEnded(id);
  const running = await startJob({ template: 'slow', labels: { run: 'second' } });
  interface Page {
    items: Job[];
    next?: string;
  }
  const page = await get<Page>('/jobs?limit=2');
  assert.deepEqual(
    page.items.map(({ id }) => id),
    [running.id, jobs[2]?.id],
  );
  const later = await startJob({ template: 'slow' });
  const rest = await get<Page>(`/jobs?limit=2&cursor=${page.next ?? ''}`);
  assert.deepEqual(
    rest.items.map(({ id }) => id),
    [jobs[1]?.id, jobs[0]?.id],
  );
  assert.equal(rest.next, undefined);
  assert.deepEqual(
    (await get<Page>('/jobs?state=failed')).items.map(({ id }) => id),
    [jobs[1]?.id],
  );
  assert.deepEqual(
    (await get<Page>('/jobs?labelSelector=run%3Dsecond')).items.map(({ id }) => id),
    [running.id],
  );
  for (const { id, links } of [running, later]) {
    const answer = await fetch((links['cancel'] ?? '').replace(/^https?:\/\/[^/]+/, world.service.url), {
      method: 'POST',
    });
    assert.equal(answer.status, 202);
    await answer.body?.cancel();
    const { state, outcome } = await untilEnded(id);
    assert.deepEqual([state, outcome?.reason], ['cancelled', 'cancelled-by-user']);
  }
});
