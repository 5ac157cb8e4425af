import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shellTemplate } from '../support/shell-template.ts';
import { startWorld } from '../support/start-world.ts';

const counting = shellTemplate({
  script: 'echo "$COUNT" > "$RESULT_DIRECTORY/count.txt"',
  parameters: { properties: { COUNT: { type: 'integer' } }, required: ['COUNT'] },
});

const reading = {
  ...counting,
  'template.yaml': JSON.stringify({ description: 'Reads.', inputs: { file: { description: 'A file.' } } }),
};

interface Answer {
  status: number;
  items?: { status: number; id?: string; problem?: { title: string } }[];
  errors?: { pointer: string; detail: string }[];
  title?: string;
  field?: string;
}

test('a batch is checked as a whole, started once, and answered for each of its entries', async (t) => {
  const world = await startWorld(t, {
    templates: { counting, reading },
    settings: {
      http: { answerDeadlineMillis: 20_000, bodyLimitBytes: 1024 },
      // The jobs are not the point.
      reconciler: { leaseSeconds: 30, maxRunning: 1 },
    },
  });
  const { service, namespace } = world;
  async function send(body: object, key?: string): Promise<Answer> {
    const answer = await fetch(`${service.url}/api/v1/batches`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      body: JSON.stringify(body),
    });
    return { ...((await answer.json()) as object), status: answer.status };
  }
  function job(count: unknown): object {
    return { template: 'counting', parameters: { COUNT: count }, labels: { run: 'batch' } };
  }

  const wrong = await send({
    jobs: [
      job(1),
      job('many'),
      { template: 'counting', parameters: { COUNT: 1, 'a/b': 2 } },
      { template: 'nowhere' },
      { template: 'echo', labels: { 'my.label': 7 }, colour: 'red' },
      { template: 'echo', inputs: { 'my.file': { upload: 'none' } } },
      { template: 'reading' },
      { template: 'reading', inputs: { file: { upload: 'none' } } },
    ],
  });
  assert.equal(wrong.status, 422);
  assert.deepEqual(wrong.errors?.map(({ pointer }) => pointer).sort(), [
    '/jobs/1/parameters/COUNT',
    '/jobs/2/parameters/a~1b',
    '/jobs/3/template',
    '/jobs/4/colour',
    '/jobs/4/labels/my.label',
    '/jobs/5/inputs/my.file',
    '/jobs/6/inputs/file',
    '/jobs/7/inputs/file/upload',
  ]);
  for (const body of [
    {},
    { jobs: [] },
    { jobs: Array.from({ length: 101 }, () => job(1)) },
    { jobs: ['echo'] },
  ])
    assert.deepEqual((await send(body)).status, 400);
  const tooLarge = { jobs: Array.from({ length: 100 }, () => ({ ...job(1), assetId: 'x'.repeat(100) })) };
  assert.equal((await send(tooLarge)).status, 413);
  assert.deepEqual(await namespace.jobs(), []);

  // Larger than the body of a single job may be.
  const jobs = Array.from({ length: 20 }, (_, index) => job(index));
  const started = await send({ jobs }, 'once');
  assert.equal(started.status, 200, JSON.stringify(started));
  const ids = started.items?.map(({ status, id }) => (status === 202 ? id : undefined)) ?? [];
  assert.equal(new Set(ids).size, 20);
  const again = await send({ jobs }, 'once');
  assert.deepEqual(again.items, started.items);
  const other = await send({ jobs: [...jobs, job(20)] }, 'once');
  assert.deepEqual([other.status, other.field], [422, 'Idempotency-Key']);
  const names = (await namespace.jobs()).map(({ metadata }) => metadata?.name ?? '');
  assert.deepEqual(names.sort(), ids.toSorted());
});
