import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shellTemplate } from '../support/shell-template.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

const secret = 'a-key-that-nobody-may-read';

/** Writes two lines, waits for its gate, writes the last one. */
const talk = `
import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
const { TOKEN, GATE_URL, CODE, RESULT_DIRECTORY } = process.env;
process.on('SIGTERM', () => process.exit(143));
console.log('first ' + TOKEN);
process.stdout.write(Buffer.from([0xff, 0x0a]));
const isOpen = () => fetch(GATE_URL).then(({ status }) => status === 200, () => false);
while (!(await isOpen())) await delay(100);
await writeFile(RESULT_DIRECTORY + '/out.txt', 'written');
console.log('last');
process.exitCode = Number(CODE);
`;

const talker = shellTemplate({
  image: 'node:24-slim',
  script: 'exec node /files/talk.mjs',
  files: { 'talk.mjs': talk },
  parameters: {
    properties: {
      TOKEN: { type: 'string', writeOnly: true },
      GATE_URL: { type: 'string' },
      CODE: { type: 'string', default: '0' },
    },
    required: ['TOKEN', 'GATE_URL'],
  },
});

/** A socket that is closed on a busy machine is no answer, and a Lease that is lost there ends what is followed. */
const settings = { http: { answerDeadlineMillis: 20_000 }, reconciler: { leaseSeconds: 60 } };

async function startTalker(world: World, code = '0'): Promise<string> {
  const parameters = { TOKEN: secret, GATE_URL: world.gate.url, CODE: code };
  const answer = await fetch(`${world.service.url}/api/v1/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ template: 'talker', parameters }),
  });
  assert.equal(answer.status, 202, await answer.clone().text());
  return ((await answer.json()) as { id: string }).id;
}

function openLog({ service }: World, id: string, query = ''): Promise<Response> {
  return fetch(`${service.url}/api/v1/jobs/${id}/logs?${query}`);
}

/** The worker may run before its node has reported it. */
async function openReported(world: World, id: string): Promise<Response> {
  return await waitUntil('the log can be read', async () => {
    const found = await openLog(world, id);
    if (found.ok) return found;
    await found.body?.cancel();
    return undefined;
  });
}

async function readLog(world: World, id: string, query = ''): Promise<string> {
  const answer = await openLog(world, id, query);
  assert.equal(answer.status, 200, await answer.clone().text());
  return Buffer.from(await answer.arrayBuffer()).toString('latin1');
}

async function untilEnded({ service }: World, id: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`${service.url}/api/v1/jobs/${id}`, { headers: { prefer: 'wait=30' } });
    if (((await answer.json()) as { endedAt?: string }).endedAt !== undefined) return;
  }
}

const soFar = 'first [redacted]\n\xff\n';
const whole = `${soFar}last\n`;

test('people read and follow the log of a worker from before its start to its end, without its secrets', async (t) => {
  const world = await startWorld(t, { templates: { talker }, settings });
  const id = await startTalker(world);
  const followed = readLog(world, id, 'follow=true');
  await waitUntil('the worker runs', () => world.gate.asked > 0);
  const answer = await openReported(world, id);
  assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8');
  assert.equal(answer.headers.get('x-log-source'), 'pod');
  const attempt = answer.headers.get('x-log-attempt') ?? '';
  await answer.body?.cancel();
  assert.equal(await readLog(world, id), soFar);
  assert.equal(await readLog(world, id, `attempt=${attempt}&tailLines=1`), '\xff\n');
  const [, second = ''] = (await readLog(world, id, 'timestamps=true')).split('\n');
  assert.match(second, /^\d{4}-\d\d-\d\dT[\d:.]+Z \xff$/);
  assert.equal(await readLog(world, id, 'sinceTime=2100-01-01T00:00:00Z'), '');
  await readLog(world, id, 'container=uploader');
  const other = await openLog(world, id, 'attempt=00000000-0000-4000-8000-000000000000');
  assert.equal(other.status, 404);
  const { detail } = (await other.json()) as { detail: string };
  assert.equal(detail, `attempt: expected one of ${attempt}`);

  // A reader that leaves holds nothing up.
  const leaving = new AbortController();
  await fetch(`${world.service.url}/api/v1/jobs/${id}/logs?follow=true`, { signal: leaving.signal });
  leaving.abort();

  world.gate.open();
  assert.equal(await followed, whole);
  await untilEnded(world, id);

  // A log that is followed breaks off with its replica: a part is not taken for the whole.
  world.gate.close();
  const asked = world.gate.asked;
  const failing = await startTalker(world, '3');
  await waitUntil('the worker runs', () => world.gate.asked > asked);
  const broken = await openLog(world, failing, 'follow=true');
  const parts = assert.rejects(broken.arrayBuffer());
  assert.equal(await world.service.stop(), 0);
  await parts;
  await world.service.start();
  const again = readLog(world, failing, 'follow=true');
  world.gate.open();
  assert.equal(await again, whole);
  await untilEnded(world, failing);

  // A job that is cancelled keeps what its worker has written.
  world.gate.close();
  const before = world.gate.asked;
  const cancelled = await startTalker(world);
  await waitUntil('the worker runs', () => world.gate.asked > before);
  await (await openReported(world, cancelled)).body?.cancel();
  const untilCancelled = readLog(world, cancelled, 'follow=true');
  await post(world, `${cancelled}/cancel`, 'POST');
  assert.equal(await untilCancelled, soFar);
  await untilEnded(world, cancelled);

  await deletePods(world);
  const archived = await openLog(world, failing, 'timestamps=true');
  assert.equal(archived.headers.get('x-log-source'), 'archive');
  assert.match(await archived.text(), /^\d{4}-\d\d-\d\dT[\d:.]+Z first \[redacted\]\n/);
  assert.equal(await readLog(world, failing), whole);
  assert.equal(await readLog(world, failing, 'tailLines=1&follow=true'), 'last\n');
  assert.equal(await readLog(world, id, 'sinceTime=2100-01-01T00:00:00Z'), '');
  assert.equal(await readLog(world, cancelled), soFar);
  const uploader = await openLog(world, failing, 'container=uploader');
  assert.equal(uploader.status, 410);
  await uploader.body?.cancel();

  // It is deleted with the results.
  await post(world, id, 'DELETE');
  await waitUntil('its log is gone', async () => (await openLog(world, id)).status === 410);
});

async function post({ service }: World, path: string, method: string): Promise<void> {
  const answer = await fetch(`${service.url}/api/v1/jobs/${path}`, { method });
  assert.equal(answer.status, 202, await answer.text());
}

/** A pod goes when its log is stored and our finalizer is removed. */
async function deletePods({ namespace }: World): Promise<void> {
  for (const { metadata } of await namespace.pods())
    await namespace.cluster.pods.delete(metadata?.name ?? '', {}, AbortSignal.timeout(30_000));
  await waitUntil('the pods are gone', async () => (await namespace.pods()).length === 0);
}
