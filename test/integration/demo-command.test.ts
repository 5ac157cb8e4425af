import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { projectFolder, startCommand } from '../support/command-process.ts';
import { needing } from '../support/needs.ts';

/** From the request that is accepted to the connector that is called back. */
const jobSteps = [
  /job +flow-\w+ is created, suspended/,
  /job +.*resumed/,
  /worker +.*exit code 0/,
  /connector +goes down/,
  /sidecar +has uploaded \d+ files/,
  /service +has verified manifest/,
  /service +calls the connector back/,
  /connector +is up/,
];

interface Demo {
  args: string[];
  /** The year of the weather: it comes from the contract if the dialect carries one. */
  year: number;
  /** Beside those of the Job, in their order. */
  steps: RegExp[];
}

const demos: Record<string, Demo> = {
  'the control plane of a connector, which is the default': {
    args: [],
    year: 2015,
    steps: [
      /connector +asks for provisioning: no answer/,
      /connector +asks for provisioning: answer 200/,
      /connector +gets the callback: answer 204/,
      /connector +transfer is STARTED/,
      /consumer +asks the data address: answer 200/,
      /connector +asks for deprovisioning: answer 200/,
      /store +the results are gone/,
    ],
  },
  'the data plane of a connector': {
    args: ['--dialect', 'data-plane'],
    year: 2015,
    steps: [
      /connector +asks for provisioning: no answer/,
      /connector +asks for provisioning: answer 200/,
      /connector +gets the callback: answer 204/,
      /connector +asks the data address: answer 200/,
      /connector +transfer is COMPLETED/,
      /connector +gets the confirmation of the deprovisioning: answer 204/,
      /store +the results are gone/,
    ],
  },
  'a pull of Data Plane Signaling': {
    args: ['--dialect', 'signaling-pull'],
    year: 2014,
    steps: [
      /connector +registers the service as a data plane: answer 200/,
      /connector +sends start .*: no answer/,
      /connector +sends start .*: answer 202 STARTING/,
      /connector +gets started: answer 200/,
      /consumer +asks the data address: answer 200/,
      /connector +sends completed: answer 200/,
      /connector +transfer is COMPLETED/,
      /store +has flows.*record.json, and keeps the results until /,
    ],
  },
  'a push of Data Plane Signaling': {
    args: ['--dialect', 'signaling-push'],
    year: 2014,
    steps: [
      /connector +registers the service as a data plane: answer 200/,
      /connector +sends start .*: no answer/,
      /connector +sends start .*: answer 202 STARTING/,
      /connector +gets started: answer 200/,
      /consumer +its sink gets POST \/sink, 4,096 bytes: it drops the connection/,
      /consumer +its sink gets POST \/sink, [0-9,]+ bytes: answer 200/,
      /connector +gets completed: answer 200/,
      /store +has flows.*record.json, and keeps the results until /,
    ],
  },
};

test(
  'a demo ends with verified results, and nothing else is left',
  { ...needing('embedded cluster'), concurrency: true },
  async (t) => {
    await Promise.all(Object.entries(demos).map(([name, demo]) => t.test(name, (t) => runDemo(t, demo))));
  },
);

async function runDemo(t: TestContext, { args, year, steps }: Demo): Promise<void> {
  const demo = await startCommand(t, ['demo', ...args]);
  assert.equal(await demo.ended(), 0, demo.stdout + demo.stderr);
  assertInOrder(demo.stdout, jobSteps);
  assertInOrder(demo.stdout, steps);
  assert.match(demo.stdout, /consumer +.*sha256 .* as in the manifest/);
  const [folder = ''] = /(?<=The results are in ).*/.exec(demo.stdout) ?? [];
  const summary = JSON.parse(await readFile(join(folder, 'summary.json'), 'utf8')) as { year: number };
  assert.equal(summary.year, year);
  // No escape sequences for a file or a pipe.
  assert.ok(!demo.stdout.includes('\u001b'));
  assert.deepEqual(await demo.leftovers(), []);
  await demo.nothingRuns();
}

function assertInOrder(output: string, steps: readonly RegExp[]): void {
  let rest = output;
  for (const step of steps) {
    const found = step.exec(rest);
    assert.ok(found, `${step.source} does not follow in:\n${output}`);
    rest = rest.slice(found.index + found[0].length);
  }
}

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
  {
    name: 'an unknown asset, whose refusal a data plane gets by a callback',
    args: ['--dialect', 'data-plane', '--asset', 'moon-cheese'],
    message: /the flow failed: request-refused: .*moon-cheese/,
  },
  {
    name: 'an unknown asset, whose refusal a control plane of Data Plane Signaling gets at once',
    args: ['--dialect', 'signaling-push', '--asset', 'moon-cheese'],
    message: /Data-plane responded with 404 .*moon-cheese/,
  },
  {
    name: 'an unknown dialect',
    args: ['--dialect', 'carrier-pigeon'],
    code: 2,
    message:
      /--dialect: expected one of control-plane, data-plane, signaling-pull, signaling-push, received "carrier-pigeon"/,
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
