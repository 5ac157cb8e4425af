import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectFolder, startCommand } from '../support/command-process.ts';
import { needing } from '../support/needs.ts';

test(
  'the demo ends with verified results, and nothing else is left',
  needing('embedded cluster'),
  async (t) => {
    const demo = await startCommand(t, ['demo']);
    assert.equal(await demo.ended(), 0, demo.stdout + demo.stderr);
    const steps = [
      /store +an embedded S3 store/,
      /connector +asks for provisioning: no answer/,
      /connector +asks for provisioning: answer 200/,
      /job +flow-\w+ is created, suspended/,
      /job +.*resumed/,
      /worker +.*exit code 0/,
      /connector +goes down/,
      /sidecar +has uploaded \d+ files/,
      /service +has verified manifest/,
      /connector +is up/,
      /connector +gets the callback: answer 204/,
      /consumer +has fetched/,
      /consumer +.*sha256 .* as in the manifest/,
      /connector +asks for deprovisioning: answer 200/,
      /store +the results are gone/,
    ];
    for (const step of steps) assert.match(demo.stdout, step);
    const [folder = ''] = /(?<=The results are in ).*/.exec(demo.stdout) ?? [];
    const summary = (await readdir(folder)).find((name) => name.endsWith('.json')) ?? '';
    assert.equal(typeof JSON.parse(await readFile(join(folder, summary), 'utf8')), 'object');
    // No escape sequences for a file or a pipe.
    assert.ok(!demo.stdout.includes('\u001b'));
    assert.deepEqual(await demo.leftovers(), []);
    await demo.nothingRuns();
  },
);

test('a demo that is interrupted leaves nothing behind', needing('embedded cluster'), async (t) => {
  const output = await mkdtemp(join(tmpdir(), 'edc-jp-output-'));
  t.after(() => rm(output, { recursive: true }));
  const options = { program: ['npm'], folder: projectFolder };
  const demo = await startCommand(t, ['run', 'demo', '--', '--output', output], options);
  await demo.said(/is created, suspended/);
  demo.child.kill('SIGINT');
  assert.equal(await demo.ended(), 130, demo.stderr);
  await demo.nothingRuns();
  assert.deepEqual(await demo.leftovers(), []);
  assert.deepEqual(await readdir(output), []);
});

const failing = [
  {
    name: 'an unknown asset',
    args: ['--asset', 'moon-cheese'],
    message: /fatal error code: 404; the service's answer: .*moon-cheese/,
  },
  { name: 'an unknown option', args: ['--colour'], code: 2, message: /Unknown option '--colour'/ },
  {
    name: 'a deadline that is no number',
    args: ['--timeout', 'soon'],
    code: 2,
    message: /--timeout: expected seconds/,
  },
  { name: 'too short a deadline', args: ['--timeout', '1'], message: /did not end within 1 s/ },
];

for (const { name, args, code = 1, message } of failing) {
  test(`a demo with ${name} says so and exits with ${code}`, needing('embedded cluster'), async (t) => {
    const demo = await startCommand(t, ['demo', ...args]);
    assert.equal(await demo.ended(), code);
    assert.match(demo.stderr, message);
    assert.doesNotMatch(demo.stderr, /\n +at /);
    assert.deepEqual(await demo.leftovers(), []);
    assert.deepEqual(await readdir(demo.folder), []);
  });
}
