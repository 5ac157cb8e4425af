import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readZip } from '../../src/demo/read-zip.ts';
import { oddFiles } from '../support/odd-files.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';

test('GET /demo/{template} runs a template, waits, and sends its result', async (t) => {
  const world = await startWorld(t);
  const { url } = world.service;
  const one = await fetch(`${url}/demo/echo`);
  assert.equal(one.status, 200);
  assert.equal(await one.text(), 'hello from the worker: ä ö ü €\n');
  const several = await fetch(`${url}/demo/many-files`);
  const files = readZip(Buffer.from(await several.arrayBuffer()));
  const found = files.map(({ path, content }) => [path, content.toString('utf8')]);
  assert.deepEqual(Object.fromEntries(found), oddFiles);

  const failed = await fetch(`${url}/demo/exit-1`);
  assert.equal(failed.status, 502);
  assert.equal(((await failed.json()) as { reason: string }).reason, 'worker-failed');
  const unknown = await fetch(`${url}/demo/nothing`);
  assert.ok(unknown.status >= 400 && unknown.status < 500);
  await unknown.body?.cancel();
});

test('a client that leaves a demo cancels its flow', async (t) => {
  const world = await startWorld(t);
  const leaving = new AbortController();
  const answer = fetch(`${world.service.url}/demo/slow`, { signal: leaving.signal });
  const pod = await waitUntil('the worker runs', async () => {
    const [found] = await world.namespace.pods();
    return found?.status?.containerStatuses?.some(({ state }) => state?.running !== undefined)
      ? found
      : undefined;
  });
  leaving.abort();
  await assert.rejects(answer, { name: 'AbortError' });
  const flow = pod.metadata?.labels?.['job-name'] ?? '';
  const { outcome } = await waitUntil('the record is written', () => world.bucket.record(flow));
  assert.equal(outcome.phase === 'cancelled' && outcome.reason, 'cancelled-by-user');
});

test('a service that stops cancels the demos that it breaks off', async (t) => {
  const world = await startWorld(t, { settings: { http: { shutdownMillis: 200 } } });
  const answer = fetch(`${world.service.url}/demo/slow`).then(
    () => 'answered',
    () => 'broken off',
  );
  const job = await waitUntil('the Job is resumed', async () => {
    const [found] = await world.namespace.jobs();
    return found?.spec?.suspend === false ? found : undefined;
  });
  assert.equal(await world.service.stop(), 0);
  assert.equal(await answer, 'broken off');
  const flow = await world.namespace.flow(job.metadata?.name ?? '');
  assert.equal(flow?.cancel?.reason, 'cancelled-by-user');
});
