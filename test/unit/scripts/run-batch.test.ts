import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { describeResults, exitCodeOf } from '../../../scripts/testing/print-summary.ts';
import type { Results } from '../../../scripts/testing/read-results.ts';
import { runBatches, type BatchRun } from '../../../scripts/testing/run-batch.ts';

const failsOnce = `
import { existsSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
const mark = new URL('mark', import.meta.url);
test('the first time', () => {
  if (existsSync(mark)) return;
  writeFileSync(mark, '');
  throw new Error('there were others');
});`;

test('a file that fails beside others and passes alone is told as unsteady', async (t) => {
  const { results } = await run(t, {
    'imported.ts': failsOnce,
    'unsteady.test.ts': `import './imported.ts';`,
    'good.test.ts': `import { test } from 'node:test'; test('good', () => {}); test('not here', { skip: 'no moon' });`,
  });
  assert.deepEqual(countsOf(results), { 'good.test.ts': [1, 0, 1], 'unsteady.test.ts': [1, 0, 0] });
  const told = describeResults(results).join('\n');
  assert.match(told, /unsteady, passed alone: .*unsteady\.test\.ts: the first time: there were others/);
  assert.match(told, /skipped 1: no moon/);
});

test('a file that fails alone as well has failed, and one that cannot be run, too', async (t) => {
  const { results, said } = await run(t, {
    'bad.test.ts': `import { test } from 'node:test'; test('bad', () => { throw new Error('always'); });`,
    'broken.test.ts': `import './nowhere.ts';`,
  });
  assert.deepEqual(countsOf(results), { 'bad.test.ts': [0, 1, 0], 'broken.test.ts': [0, 1, 0] });
  assert.match(describeResults(results).join('\n'), /failed: .*bad\.test\.ts: bad: always/);
  assert.equal(exitCodeOf(results), 1);
  assert.equal(said.filter((line) => /✖ .*bad\.test\.ts: bad: always/.test(line)).length, 2);
});

test('files start in the given order, so that the longest can start first', async (t) => {
  const appends = `
import { appendFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
test('its turn', () => { appendFileSync(new URL('order', import.meta.url), basename(import.meta.filename, '.test.ts')); });`;
  const files = { 'c.test.ts': appends, 'a.test.ts': appends, 'b.test.ts': appends };
  const { folder } = await run(t, files, { concurrency: 1 });
  assert.equal(await readFile(join(folder, 'order'), 'utf8'), 'cab');
});

test('files that share a process are counted one by one, and a failure among them is tried alone', async (t) => {
  const declaredByHelper = `import { test } from 'node:test'; export function declare() { test('of a helper', () => {}); }`;
  const { results, said, listing } = await run(
    t,
    {
      'helper.ts': declaredByHelper,
      'a.test.ts': `import { test } from 'node:test'; import { declare } from './helper.ts'; test('a', () => {}); declare();`,
      'b.test.ts': `import { suite, test } from 'node:test'; suite('of b', () => { test('b', () => { console.log('b was here'); }); });`,
      'c.test.ts': failsOnce,
      'd.test.ts': `import { test } from 'node:test'; test('d', { skip: 'no moon' }, () => {}); setInterval(() => {}, 1000);`,
    },
    { shared: true },
  );
  assert.deepEqual(countsOf(results), {
    'a.test.ts': [2, 0, 0],
    'b.test.ts': [1, 0, 0],
    'c.test.ts': [1, 0, 0],
    'd.test.ts': [0, 0, 1],
  });
  assert.equal(
    results
      .values()
      .flatMap(({ unsteady }) => unsteady)
      .toArray().length,
    1,
  );
  assert.equal(exitCodeOf(results), 0);
  assert.ok(
    ['[1/4]', '[4/4]'].every((place) => said.some((line) => line.startsWith(place))),
    said.join('\n'),
  );
  assert.match(listing, /b was here/);
});

test('three that pass only alone fail the run, as does one without any test', () => {
  const unsteady = { name: 'x', message: 'm', detail: 'd' };
  function resultsWith(count: number, passed: number): Results {
    const counts = { millis: 1, passed, failed: 0, skipped: 0, failures: [], skips: [] };
    return new Map([['a.test.ts', { ...counts, unsteady: Array.from({ length: count }, () => unsteady) }]]);
  }
  assert.deepEqual([resultsWith(2, 5), resultsWith(3, 5), resultsWith(0, 0)].map(exitCodeOf), [0, 1, 1]);
});

async function run(
  t: TestContext,
  content: Record<string, string>,
  options: Partial<BatchRun> = {},
): Promise<{ results: Results; said: string[]; listing: string; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'edc-jp-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(content)) await writeFile(join(folder, name), text);
  const files = Object.keys(content)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(folder, name));
  // A runner inside a runner reports to it instead of to its reporters.
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const said: string[] = [];
  const batch = {
    files,
    concurrency: 2,
    env,
    report: join(folder, 'report'),
    listing: join(folder, 'listing'),
  };
  const results = await runBatches([{ ...batch, ...options }], (line) => said.push(line), t.signal);
  return { results, said, listing: await readFile(batch.listing, 'utf8'), folder };
}

function countsOf(results: Results): Record<string, number[]> {
  const counts = [...results].map(([file, { passed, failed, skipped }]): [string, number[]] => [
    file.slice(file.lastIndexOf('/') + 1),
    [passed, failed, skipped],
  ]);
  return Object.fromEntries(counts.sort(([a], [b]) => (a < b ? -1 : 1)));
}
