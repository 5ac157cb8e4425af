import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { projectFolder } from '../../support/command-process.ts';

interface Output {
  code: number | null;
  stdout: string;
  stderr: string;
}

async function runScript(...args: string[]): Promise<Output> {
  const script = join(projectFolder, 'scripts/conformance.ts');
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [ended, stdout, stderr] = await Promise.all([
    once(child, 'exit') as Promise<[number | null]>,
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code: ended[0], stdout, stderr };
}

/** A data plane that knows no flow. */
async function startEmptyDataPlane(t: TestContext): Promise<string> {
  const server = createServer((_, response) => response.writeHead(404).end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('prints a line for each test and the totals, and ends with 1 if one has failed', async (t) => {
  const target = await startEmptyDataPlane(t);
  const ids = ['DP_P_PULL:01-01', 'X_UNKNOWN:STATUS', 'X_AUTH:EXPIRED'];
  const { code, stdout } = await runScript(
    ...['--target', target, '--callback-port', '0'],
    ...ids.flatMap((id) => ['--test', id]),
  );
  assert.deepEqual(stdout.split('\n'), [
    'FAILED: DP_P_PULL:01-01: start: expected 2xx, received 404 without a body',
    'SUCCESSFUL: X_UNKNOWN:STATUS',
    'SKIPPED: X_AUTH:EXPIRED: X_AUTHORIZATION_EXPIRED is not set',
    '',
    '1 successful, 1 failed, 1 skipped',
    '',
  ]);
  assert.equal(code, 1);
});

test('ends with 0 if no test has failed', async (t) => {
  const target = await startEmptyDataPlane(t);
  const { code } = await runScript(
    ...['--target', target, '--callback-port', '0', '--test', 'X_UNKNOWN:STATUS'],
  );
  assert.equal(code, 0);
});

const wrong = [
  {
    name: 'a port that is none',
    args: ['--target', 'http://x', '--callback-port', '70000'],
    says: /^--callback-port/,
  },
  {
    name: 'a setting without a value',
    args: ['--target', 'http://x', '--set', 'NAME'],
    says: /^--set: expected/,
  },
  {
    name: 'a setting that is unknown',
    args: ['--target', 'http://x', '--set', 'NAME=1'],
    says: /^NAME: expected/,
  },
  {
    name: 'a test that is unknown',
    args: ['--target', 'http://x', '--test', 'DP_1'],
    says: /^DP_1: expected/,
  },
  { name: 'an option that is unknown', args: ['--targt', 'http://x'], says: /--targt/ },
];

for (const { name, args, says } of wrong) {
  test(`ends with 2 and names it: ${name}`, async () => {
    const { code, stderr } = await runScript(...args);
    assert.match(stderr, says);
    assert.equal(code, 2);
  });
}
