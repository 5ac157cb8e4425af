import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readZip } from '../../src/demo/read-zip.ts';
import { CurlLines } from '../support/curl-lines.ts';
import { shellTemplate } from '../support/shell-template.ts';
import { startWorld } from '../support/start-world.ts';
import type { World } from '../support/world.ts';

/** Every byte, which no text survives. */
const bytes = Buffer.from(Array.from({ length: 65_536 }, (_, at) => (at * 7 + (at >> 8)) % 256));
const writeBytes = 'Buffer.from(Array.from({ length: 65536 }, (_, at) => (at * 7 + (at >> 8)) % 256))';
const recorder = shellTemplate({
  image: 'node:24-slim',
  script: `mkdir -p "$RESULT_DIRECTORY/day 1" && node -e 'const { RESULT_DIRECTORY } = process.env; for (const name of ["drive.bag", "day 1/ä+1.bag"]) fs.writeFileSync(RESULT_DIRECTORY + "/" + name, ${writeBytes})'`,
});
const task = shellTemplate({
  script: 'printf "%s" "$DATA" > "$RESULT_DIRECTORY/data.json"',
  parameters: { properties: { DATA: { type: 'string' } }, required: ['DATA'] },
});

const key = 'key-of-a-reader-with-more-than-thirty-two-characters';
const settings = {
  // A socket that is closed on a busy machine is no answer.
  http: { answerDeadlineMillis: 20_000 },
  api: { keys: [{ name: 'reader', sha256: hash('sha256', key), scopes: ['read'] }] },
  compatibility: { paths: 'on', deployTemplate: 'recorder' },
};

async function start(t: TestContext): Promise<{ world: World; lines: CurlLines; folder: string }> {
  const world = await startWorld(t, { settings, templates: { recorder, task } });
  const folder = await mkdtemp(join(tmpdir(), 'curl-lines-'));
  t.after(() => rm(folder, { recursive: true }));
  return { world, folder, lines: new CurlLines({ url: world.service.url, folder }) };
}

interface Job {
  task_id?: string;
  id: string;
  state: string;
}

async function untilEnded(url: string, id: string): Promise<Job> {
  for (;;) {
    const answer = await fetch(`${url}/job/${id}`, { headers: { prefer: 'wait=30' } });
    const job = (await answer.json()) as Job;
    if (['succeeded', 'failed', 'cancelled'].includes(job.state)) return job;
  }
}

async function statusOf(url: string, init?: RequestInit): Promise<number> {
  const answer = await fetch(url, init);
  await answer.body?.cancel();
  return answer.status;
}

test('the commands of users of other systems work as they stand', async (t) => {
  const { world, lines, folder } = await start(t);
  const { url } = world.service;
  async function print(command: string, variables: Record<string, string> = {}): Promise<Buffer> {
    return await lines.run([lines.find(command)], variables);
  }
  async function json<T>(command: string, variables?: Record<string, string>): Promise<T> {
    return JSON.parse((await print(command, variables)).toString()) as T;
  }

  const started = await lines.run([lines.find('/job/deploy'), 'printf %s "$JOB_ID"']);
  const job = { JOB_ID: started.toString() };
  const id = job.JOB_ID;
  const early = await fetch(`${url}/job/${id}/result/list`);
  assert.equal(early.status, 409, await early.text());
  assert.equal((await untilEnded(url, id)).state, 'succeeded');
  const { files } = await json<{ files: { path: string; modified_at: string }[] }>('/result/list', job);
  assert.deepEqual(
    files.map(({ path }) => path),
    ['day 1/ä+1.bag', 'drive.bag'],
  );
  assert.ok(files.every((file) => !Number.isNaN(Date.parse(file.modified_at))));
  const byName = lines.find('result?file=');
  assert.deepEqual(await lines.run([byName.replace('<FILENAME>', 'drive.bag')], job), bytes);
  const spaced = byName.replace('<FILENAME>', 'day%201/%C3%A4%2B1.bag');
  assert.deepEqual(await lines.run([spaced], job), bytes);
  for (const name of [
    'nothing.bag',
    '../drive.bag',
    '..%2Fdrive.bag',
    'day%201/../drive.bag',
    '/drive.bag',
    '%2500',
  ])
    assert.equal(await statusOf(`${url}/job/${id}/result?file=${name}`), 404, name);
  for (const query of ['', '?file=', '?file=drive.bag&file=drive.bag'])
    assert.equal(await statusOf(`${url}/job/${id}/result${query}`), 400, query);

  const zip = await fetch(`${url}/api/v1/download/${id}`);
  assert.equal(readZip(Buffer.from(await zip.arrayBuffer())).length, 2);
  await print('-XDELETE', job);
  assert.equal(await statusOf(`${url}/job/${id}/result?file=drive.bag`), 410);

  await print('/demo');
  assert.match(await readFile(join(folder, 'resultfile'), 'utf8'), /^hello from the worker/);
  for (const health of ['/api/v1/health', `${new URL(url).host}/health`])
    assert.equal((await json<{ ready: boolean }>(health)).ready, true);

  const created = await json<Job>('-X POST');
  assert.equal(created.task_id, 'task-123');
  assert.equal((await json<Job>('-X POST')).id, created.id, 'a repeat has started another job');
  assert.equal((await untilEnded(url, created.id)).state, 'succeeded');
  const file = `${url}/job/${created.id}/result?file=data.json`;
  assert.deepEqual(await (await fetch(file)).json(), { message: 'Hello World' });
  const { id: known, state, task_id } = await json<Job>('/tasks/task-123');
  assert.deepEqual({ known, state, task_id }, { known: created.id, state: 'succeeded', task_id: 'task-123' });
  assert.deepEqual(
    (await json<Job[]>(`curl "${url}/tasks"`)).map((one) => one.task_id),
    ['task-123'],
  );
  const range = { headers: { range: 'bytes=0-9' } };
  const part = await fetch(`${url}/api/v1/download/${created.id}`, range);
  assert.deepEqual([part.status, await part.text()], [206, '{"message"']);
  const head = await fetch(`${url}/api/v1/download/${created.id}`, { method: 'HEAD' });
  assert.equal(head.headers.get('content-length'), '25');
  const stored = await fetch(`${url}/objects/${created.id}/data.json`);
  assert.deepEqual(await stored.json(), { message: 'Hello World' });
  await assertTasksChecked(url);
  await assertMedia(url, created.id);
  await assertAnnounced(url);
});

async function assertTasksChecked(url: string): Promise<void> {
  async function post(body: object): Promise<{ status: number; field?: string }> {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}/tasks`, { method: 'POST', headers, body: JSON.stringify(body) });
    const { field } = (await answer.json()) as { field?: string };
    return { status: answer.status, ...(field === undefined ? {} : { field }) };
  }
  const reused = { status: 422, field: 'Idempotency-Key' };
  assert.deepEqual(await post({ task_id: 'task-123', data: { message: 'another' } }), reused);
  assert.deepEqual(await post({ task_id: 'a/b', data: 1 }), { status: 400, field: 'task_id' });
  assert.deepEqual(await post({ task_id: 'task-124' }), { status: 400, field: 'data' });
  assert.deepEqual(await post({ task_id: 'task-124', data: 1, more: 1 }), { status: 400, field: 'more' });
  assert.equal(await statusOf(`${url}/tasks/task-124`), 404);
  assert.equal(await statusOf(`${url}/tasks/task-123`, { method: 'DELETE' }), 202);
}

async function assertMedia(url: string, job: string): Promise<void> {
  async function get(path: string): Promise<{ body: unknown; link: string }> {
    const answer = await fetch(`${url}${path}`);
    assert.equal(answer.status, 200, await answer.clone().text());
    return { body: await answer.json(), link: answer.headers.get('link') ?? '' };
  }
  const sources = (await get('/sources')).body as { name: string }[];
  assert.ok(sources.some(({ name }) => name === 'recorder'));
  const objects = (await get('/objects')).body as { id: string; state: string }[];
  assert.deepEqual(new Set(objects.map(({ state }) => state)), new Set(['succeeded']));
  assert.partialDeepStrictEqual((await get('/sources/recorder')).body, { name: 'recorder' });
  const first = await get('/flows?limit=1');
  const [latest] = first.body as { id: string; asset_id: string }[];
  assert.deepEqual([latest?.id, latest?.asset_id], [job, 'task']);
  const [, next = ''] = /<([^>]+)>; rel="next"/.exec(first.link) ?? [];
  const [second] = (await get(next)).body as { id: string }[];
  assert.notEqual(second?.id, job);
  const selected = (await get('/flows?label_selector=task_id%3Dtask-123')).body as { id: string }[];
  assert.deepEqual(
    selected.map(({ id }) => id),
    [job],
  );
  assert.partialDeepStrictEqual((await get(`/flows/${job}`)).body, { id: job });
  const [request] = (await get('/flow-delete-requests')).body as { id: string; requested_by: object }[];
  assert.partialDeepStrictEqual(request, { id: job, requested_by: { connector: 'rest', caller: 'local' } });
  const shown = (await get(`/flow-delete-requests/${job}`)).body as { requested_at: string };
  assert.ok(!Number.isNaN(Date.parse(shown.requested_at)));
  // The results of the task have been deleted.
  assert.equal(await statusOf(`${url}/flows/${job}/segments`), 410);
}

/** Each answer names its successor, also a refusal; and a key needs the scope of the path's route. */
async function assertAnnounced(url: string): Promise<void> {
  const asReader = { authorization: `Bearer ${key}` };
  const successors: [path: string, status: number, successor: string, init?: RequestInit][] = [
    ['/job/deploy', 403, '/api/v1/jobs', { headers: asReader }],
    ['/job/deploy', 403, '/api/v1/jobs', { headers: { 'sec-fetch-site': 'cross-site' } }],
    ['/job/deploy', 405, '/api/v1/jobs', { method: 'HEAD' }],
    ['/job/deploy', 401, '/api/v1/jobs', { headers: { 'x-api-key': 'wrong' } }],
    ['/job/nothing', 404, '/api/v1/jobs/nothing'],
    ['/job/nothing/result?file=a', 404, '/api/v1/jobs/nothing/results/files'],
    ['/tasks/nothing', 404, '/api/v1/jobs'],
    ['/flows', 200, '/api/v1/jobs', { headers: asReader }],
    ['/flow-delete-requests', 200, '/api/v1/deletion-requests', { headers: asReader }],
    ['/flow-delete-requests/nothing', 404, '/api/v1/deletion-requests/nothing'],
    ['/api/v1/ready', 200, '/health/ready'],
  ];
  for (const [path, status, successor, init] of successors) {
    const answer = await fetch(`${url}${path}`, init);
    await answer.body?.cancel();
    assert.equal(answer.status, status, path);
    assert.match(answer.headers.get('deprecation') ?? '', /^@\d+$/, path);
    assert.equal(answer.headers.get('link'), `<${url}${successor}>; rel="successor-version"`);
  }
}
