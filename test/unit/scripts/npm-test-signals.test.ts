import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectFolder, startCommand } from '../../support/command-process.ts';

const neverEnds = `
import { test } from 'node:test';
test('never ends', () => new Promise(() => {
  console.log('it runs');
  setInterval(() => undefined, 1000);
}));
`;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`npm test ends on ${signal} to npm with the tests that it runs`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'edc-jp-npm-test-'));
    t.after(() => rm(folder, { recursive: true }));
    const file = join(folder, 'never-ends.test.ts');
    await writeFile(file, neverEnds);
    const args = ['test', '--', '--test-reporter=tap', file];
    const npm = await startCommand(t, args, { program: ['npm'], folder: projectFolder });
    await npm.said(/it runs/);
    npm.child.kill(signal);
    assert.notEqual(await npm.ended(), 0);
    await npm.nothingRuns();
  });
}
