import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import { startCommand } from '../../support/command-process.ts';

async function run(t: TestContext, args: readonly string[]) {
  const command = await startCommand(t, args);
  const code = await command.ended();
  return { code, stdout: command.stdout, stderr: command.stderr };
}

const remote = ['run', 'jobs', 'job', 'logs', 'cancel', 'results', 'env', 'templates'];
const commands = ['serve', 'sidecar', 'dev', 'demo', 'check', 'render', 'api-key', 'release', ...remote];

test('help lists every command, and what is asked for goes to standard output', async (t) => {
  for (const args of [['--help'], []]) {
    const { code, stdout, stderr } = await run(t, args);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^Usage: edc-job-provisioner <command>/);
    for (const name of commands) assert.match(stdout, new RegExp(`^  ${name} +\\w`, 'm'));
    assert.match(stdout, /--version/);
  }
});

test('--version is that of the package', async (t) => {
  const { version } = JSON.parse(
    await readFile(new URL('../../../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  assert.deepEqual(await run(t, ['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
});

for (const name of commands) {
  test(`${name}: --help tells usage, options and an example; an unknown option is a sentence and exit code 2`, async (t) => {
    const help = await run(t, [name, '--help']);
    assert.deepEqual([help.code, help.stderr], [0, '']);
    assert.match(help.stdout, new RegExp(`^Usage: edc-job-provisioner ${name}\\b`));
    assert.match(help.stdout, /^ {2}--help +print this$/m);
    assert.match(help.stdout, /^Example: \S/m);
    const wrong = await run(t, [name, '--colour']);
    assert.deepEqual([wrong.code, wrong.stdout], [2, '']);
    assert.match(wrong.stderr, new RegExp(`^edc-job-provisioner ${name}: Unknown option '--colour'`));
    assert.match(wrong.stderr, new RegExp(`See edc-job-provisioner ${name} --help`));
    assert.doesNotMatch(wrong.stderr, /\n +at /);
  });
}

const wrongs = [
  { args: ['srve'], words: /"srve" is not a command/ },
  { args: ['constructor'], words: /"constructor" is not a command/ },
  { args: ['serve', 'now'], words: /serve: Unexpected argument 'now'/ },
  { args: ['dev', '--port', 'http'], words: /--port: expected a number from 0 to 65535, received "http"/ },
  { args: ['dev', 'sotp'], words: /expected env, stop or nothing, received "sotp"/ },
  { args: ['render'], words: /expected the name of one template, received none/ },
  { args: ['render', 'a', '--param', 'b'], words: /--param: expected NAME=VALUE, received "b"/ },
  { args: ['api-key'], words: /expected one NAME of lower-case letters/ },
  { args: ['api-key', 'ann', 'bob'], words: /expected one NAME of lower-case letters/ },
  {
    args: ['api-key', 'ann', '--scope', 'all'],
    words: /--scope: expected one of run, read, .*received "all"/,
  },
  { args: ['run'], words: /expected the name of one template, received none/ },
  { args: ['run', 'a', '--label', '=b'], words: /--label: expected NAME=VALUE, received "=b"/ },
  { args: ['run', 'a', '--url', 'localhost:8080'], words: /--url: expected an address as https:/ },
  { args: ['jobs', '--limit', '0'], words: /--limit: expected a number from 1 to 100000, received "0"/ },
  { args: ['job', 'a', 'b'], words: /expected the id of one job, received a b/ },
  { args: ['env', 'put', 'provider'], words: /expected get, put or delete, .* received put provider\n/ },
  {
    args: ['env', 'move', 'provider', 'a'],
    words: /expected get, put or delete, .* received move provider a\n/,
  },
  { args: ['env', 'get', 'provider', 'a', '--secret'], words: /--secret: expected no such option with get/ },
  { args: ['env', 'put', 'provider', 'a', '--file', 'absent'], words: /--file: .*ENOENT.*absent/ },
  { args: ['templates', 'put', 'absent'], words: /ENOENT.*absent/ },
  { args: ['templates', 'a', 'b'], words: /expected a name, put with a folder, .*received a b/ },
  { args: ['results', 'a', '--json', '-o', 'b'], words: /--json: expected no --output with it/ },
  { args: ['demo', '--timeout', 'soon'], words: /--timeout: expected seconds/ },
];

for (const { args, words } of wrongs) {
  test(`"${args.join(' ')}" is a sentence and exit code 2`, async (t) => {
    const { code, stdout, stderr } = await run(t, args);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, words);
    assert.doesNotMatch(stderr, /\n +at /);
  });
}
