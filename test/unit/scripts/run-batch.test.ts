import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { describeResults } from '../../../scripts/test-real/print-summary.ts';
import type { Results } from '../../../scripts/test-real/read-results.ts';
import { runBatch } from '../../../scripts/test-real/run-batch.ts';

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
  const results = await run(t, {
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
  const results = await run(t, {
    'bad.test.ts': `import { test } from 'node:test'; test('bad', () => { throw new Error('always'); });`,
    'broken.test.ts': `import './nowhere.ts';`,
  });
  assert.deepEqual(countsOf(results), { 'bad.test.ts': [0, 1, 0], 'broken.test.ts': [0, 1, 0] });
  assert.match(describeResults(results).join('\n'), /failed: .*bad\.test\.ts: bad: always/);
});

async function run(t: TestContext, content: Record<string, string>): Promise<Results> {
  const folder = await mkdtemp(join(tmpdir(), 'edc-jp-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(content)) await writeFile(join(folder, name), text);
  const files = Object.keys(content)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(folder, name));
  // A runner inside a runner reports to it instead of to its reporters.
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  return await runBatch(
    { files, concurrency: 2, env, report: join(folder, 'report'), silent: true },
    t.signal,
  );
}

function countsOf(results: Results): Record<string, number[]> {
  const counts = [...results].map(([file, { passed, failed, skipped }]): [string, number[]] => [
    file.slice(file.lastIndexOf('/') + 1),
    [passed, failed, skipped],
  ]);
  return Object.fromEntries(counts.sort(([a], [b]) => (a < b ? -1 : 1)));
}
