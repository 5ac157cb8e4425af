import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startCommand, type CommandProcess } from '../support/command-process.ts';
import { startFaultyProxy } from '../support/faulty-proxy.ts';
import { largeBytes, largeName, largeTemplate } from '../support/large-file.ts';
import { oddFiles } from '../support/odd-files.ts';
import { shellTemplate } from '../support/shell-template.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

interface Ended {
  code: number | NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  folder: string;
}

/** Commands for one service. */
function commandsOf(t: TestContext, url: string, env: Record<string, string> = {}) {
  async function start(...args: string[]): Promise<CommandProcess> {
    return await startCommand(t, args, { env: { EDC_JP_URL: url, ...env } });
  }
  async function run(...args: string[]): Promise<Ended> {
    const command = await start(...args);
    const code = await command.ended();
    const { stdout, stderr, folder } = command;
    return { code, stdout, stderr, folder };
  }
  async function succeed(...args: string[]): Promise<Ended> {
    const ended = await run(...args);
    assert.equal(ended.code, 0, ended.stderr);
    return ended;
  }
  return { start, run, succeed };
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1)).sort();
}

const counting = shellTemplate({
  script: 'echo "$COUNT of $COLOUR" > "$RESULT_DIRECTORY/count.txt"',
  parameters: {
    properties: { COUNT: { type: 'integer' }, COLOUR: { type: 'string' } },
    required: ['COUNT'],
  },
});

const copying = shellTemplate({ script: 'cat "$INPUT_SCENE" > "$RESULT_DIRECTORY/copy"' });
const inputs = { scene: { description: 'What is copied.' } };
const taking = shellTemplate({ script: 'true', parameters: { properties: { TICKS: { type: 'integer' } } } });
const takingYaml = JSON.stringify({
  ...(JSON.parse(taking['template.yaml'] ?? '') as object),
  ...{ assets: [{ id: 'urn:a/b c' }], envFiles: ['*'] },
});
const copyingYaml = JSON.stringify({ ...(JSON.parse(copying['template.yaml'] ?? '') as object), inputs });

test('the commands of people, one after the other at one service', async (t) => {
  const world = await startWorld(t, {
    templates: {
      ...{ counting, large: largeTemplate('service') },
      copying: { ...copying, 'template.yaml': copyingYaml },
      taking: { ...taking, 'template.yaml': takingYaml },
    },
    settings: { templates: { writable: true } },
  });
  for (const [name, run] of Object.entries(scenarios)) await t.test(name, (one) => run(one, world));
});

const scenarios: Record<string, (t: TestContext, world: World) => Promise<void>> = {
  'run waits for a job and downloads its files, whatever their names; failures have reasons and exit codes':
    runsAndLists,
  'run sends the files of inputs before the start, and none if one cannot be read': sendsInputs,
  'env hands in, prints and deletes the file of an asset or of a consumer; one that is secret is not printed':
    handsIn,
  'templates put and delete store the template of a folder, and a wrong one has a line for each error':
    stores,
  'Ctrl-C leaves a job alone and says how to follow and cancel it; --cancel-on-exit cancels it': interrupts,
  'a download that is broken off is continued by the same process and by another one': continuesDownload,
};

test('a service that is away for a moment is waited for, and the job is started once', async (t) => {
  const world = await startWorld(t);
  await using proxy = await startFaultyProxy(world.service.url);
  // The service has the job, and its answer is lost.
  proxy.fault = ({ number }) => (number === 1 ? { kind: 'reset', when: 'after' } : undefined);
  const { start } = commandsOf(t, proxy.url);
  const command = await start('run', 'gated', '-o', 'out');
  await untilSaid(command, /running/);
  await world.service.kill();
  await untilSaid(command, /trying again[\s\S]*trying again/);
  await world.service.start();
  world.gate.open();
  assert.equal(await command.ended(), 0, command.stderr);
  assert.equal((await world.namespace.jobs()).length, 1);
  assert.notDeepEqual(await filesBelow(join(command.folder, 'out')), []);
});

test('the key of the environment opens a service that needs one, and is shown nowhere', async (t) => {
  const key = randomBytes(32).toString('base64url');
  const keys = [{ name: 'ann', sha256: hash('sha256', key), scopes: ['run', 'read', 'results'] }];
  const world = await startWorld(t, { settings: { api: { keys }, http: { unauthenticated: 'off' } } });
  const { url } = world.service;
  const own = await commandsOf(t, url, { EDC_JP_API_KEY: key }).succeed('run', 'echo', '-o', 'out');
  assert.deepEqual(await filesBelow(join(own.folder, 'out')), ['greeting.txt']);
  for (const env of [{}, { EDC_JP_API_KEY: `${key}x` }]) {
    const refused = await commandsOf(t, url, env).run('jobs');
    assert.deepEqual([refused.code, refused.stdout], [1, '']);
    assert.match(refused.stderr, /\(401\)\nSet EDC_JP_API_KEY to a key that may do this\.\n$/);
    assert.equal(refused.stderr.includes(key), false);
  }
});

async function sendsInputs(t: TestContext, { service, bucket }: World): Promise<void> {
  const { run, succeed } = commandsOf(t, service.url);
  const { folder } = await run('jobs');
  const scene = join(folder, 'scene é.bin');
  const bytes = randomBytes(300_000);
  await writeFile(scene, bytes);
  const absent = await run('run', 'copying', '--input', `scene=${scene}`, '--input', 'other=absent');
  assert.equal(absent.code, 2);
  assert.match(absent.stderr, /--input: other: expected a file, received "absent"/);
  assert.deepEqual(await bucket.keys('uploads/'), []);
  const checked = await succeed('run', 'copying', '--input', `scene=${scene}`, '--dry-run');
  assert.match(checked.stderr, /scene é\.bin: 300000 bytes sent as /);
  const copied = await succeed('run', 'copying', '--input', `scene=${scene}`, '-o', '.');
  assert.match(copied.stdout, /^flow-[a-z2-7]{26}\n$/);
  assert.deepEqual(await readFile(join(copied.folder, 'copy')), bytes);
}

async function handsIn(t: TestContext, { service, folder }: World): Promise<void> {
  const { run, succeed } = commandsOf(t, service.url);
  const asset = ['rest', 'urn:a/b c'];
  const file = join(folder, 'my.env');
  await writeFile(file, '# of the asset\nTICKS=2\n');
  assert.match((await succeed('env', 'put', ...asset, '--file', file)).stderr, /^version 1 has TICKS\n$/);
  const printed = await succeed('env', 'get', ...asset);
  assert.deepEqual([printed.stdout, printed.stderr], ['# of the asset\nTICKS=2\n', '']);
  await writeFile(file, 'TICKS=many\n');
  const wrong = await run('env', 'put', ...asset, '--file', file);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /line 1: parameter TICKS: expected an integer.*\(422\)/);

  const consumer = [...asset, '--consumer', 'did:web:one'];
  await succeedWithInput(t, {
    url: service.url,
    args: ['env', 'put', ...consumer, '--secret'],
    input: 'TICKS=3',
  });
  const secret = await succeed('env', 'get', ...consumer);
  assert.deepEqual([secret.stdout, secret.stderr], ['', 'version 1 is secret; its variables are TICKS\n']);
  await succeed('env', 'delete', ...consumer);
  assert.equal((await run('env', 'delete', ...consumer)).code, 1);
}

async function succeedWithInput(
  t: TestContext,
  { url, args, input }: { url: string; args: string[]; input: string },
): Promise<void> {
  const command = await startCommand(t, args, { env: { EDC_JP_URL: url }, input });
  assert.equal(await command.ended(), 0, command.stderr);
}

async function stores(t: TestContext, { service, folder }: World): Promise<void> {
  const { run, succeed } = commandsOf(t, service.url);
  const own = join(folder, 'stored');
  const files = {
    ...shellTemplate({ script: 'true', files: { 'say.sh': 'x' } }),
    'README.md': 'For people.',
  };
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(own, path)), { recursive: true });
    await writeFile(join(own, path), content);
  }
  await writeFile(join(own, 'files', 'data.bin'), Buffer.from([0xff, 0xfe]));
  const stored = await succeed('templates', 'put', own);
  const [, digest] = /^stored has the digest ([0-9a-f]{64})\n$/.exec(stored.stderr) ?? [];
  const shown = JSON.parse((await succeed('templates', 'stored', '--json')).stdout) as { digest: string };
  assert.equal(shown.digest, digest);
  await writeFile(join(own, 'template.yaml'), 'description: x\nretention: soon\ncolour: red\n');
  const wrong = await run('templates', 'put', own);
  assert.equal(wrong.code, 1);
  assert.match(
    wrong.stderr,
    /\n {2}\/files\/template\.yaml: line 2: retention: .*\n {2}\/files\/template\.yaml: line 3: /,
  );
  await succeed('templates', 'delete', 'stored');
}

async function runsAndLists(t: TestContext, world: World): Promise<void> {
  const { start, run, succeed } = commandsOf(t, world.service.url);

  const echo = await succeed('run', 'echo', '-o', 'out');
  assert.match(echo.stdout, /^flow-[a-z2-7]{26}\n$/);
  assert.match(echo.stderr, /succeeded: 1 file, 36 B/);
  assert.deepEqual(await filesBelow(join(echo.folder, 'out')), ['greeting.txt']);
  assert.match(await readFile(join(echo.folder, 'out', 'greeting.txt'), 'utf8'), /ä ö ü €/);

  const many = await succeed('run', 'many-files', '--label', 'run=odd', '--output', 'a/new folder');
  const folder = join(many.folder, 'a/new folder');
  assert.deepEqual(await filesBelow(folder), Object.keys(oddFiles).sort());
  for (const [path, content] of Object.entries(oddFiles))
    assert.equal(await readFile(join(folder, path), 'utf8'), content, path);
  const manyId = many.stdout.trim();
  const listed = await succeed('results', manyId);
  for (const path of Object.keys(oddFiles)) assert.ok(listed.stdout.includes(`  ${path}\n`), path);
  const again = await succeed('results', manyId, '-o', folder);
  assert.match(again.stderr, new RegExp(`${Object.keys(oddFiles).length} of them there before`));

  const failed = await run('run', 'exit-1', '-o', 'out', '--follow');
  assert.equal(failed.code, 3);
  assert.match(failed.stderr, /^cannot read the input$/m, 'its log');
  assert.match(failed.stderr, /failed: worker-failed\n.*exit code 1/);
  assert.match(failed.stderr, /The last lines of the worker:\n {2}cannot read the input\n/);
  assert.match(failed.stderr, /docs\/outcomes\.md#while-the-worker-runs\n$/);
  assert.deepEqual(await readdir(failed.folder), []);
  const failedId = failed.stdout.trim();
  assert.equal((await succeed('logs', failedId)).stdout, 'cannot read the input\n');
  const timed = await succeed('logs', failedId, '--follow', '--timestamps', '--tail', '1', '--since', '1d');
  assert.match(timed.stdout, /^\d{4}-\d\d-\d\dT\S+Z cannot read the input\n$/);
  const looked = await run('job', failedId);
  assert.equal(looked.code, 3);
  assert.match(looked.stdout, /^state +failed$/m);
  const without = await run('results', failedId, '-o', 'out');
  assert.equal(without.code, 1);
  assert.match(without.stderr, /the job has no results: it is failed \(worker-failed\)/);

  const counted = await succeed('run', 'counting', '--param', 'COUNT=7', '--param', 'COLOUR=a=b', '-o', '.');
  assert.equal(await readFile(join(counted.folder, 'count.txt'), 'utf8'), '7 of a=b\n');
  const envFile = join(counted.folder, 'my.env');
  await writeFile(envFile, 'COUNT=8\nCOLOUR="two words"\n');
  const given = await succeed('run', 'counting', '--env-file', envFile, '--param', 'COUNT=9', '-o', '.');
  assert.equal(await readFile(join(given.folder, 'count.txt'), 'utf8'), '9 of two words\n');
  const jobConf = join(counted.folder, 'job.yaml');
  await writeFile(jobConf, 'template: counting\nparameters: { COUNT: 3, COLOUR: red }\n');
  const configured = await succeed('run', '--job-conf', jobConf, '--param', 'COUNT=4', '-o', '.');
  assert.equal(await readFile(join(configured.folder, 'count.txt'), 'utf8'), '4 of red\n');
  await writeFile(jobConf, 'template: counting\nparameters: [\n');
  const broken = await run('run', '--job-conf', jobConf);
  assert.equal(broken.code, 2);
  assert.match(broken.stderr, /--job-conf: .*job\.yaml: expected YAML or JSON; line 3/);
  await writeFile(envFile, 'COUNT\n');
  const unreadable = await run('run', 'counting', '--env-file', envFile);
  assert.equal(unreadable.code, 2);
  assert.match(unreadable.stderr, /my\.env: line 1: expected NAME=value/);
  const wrong = await run('run', 'counting', '--param', 'COUNT=many');
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /^edc-job-provisioner run: .*COUNT.*integer/);

  const table = await succeed('jobs', '--state', 'failed,succeeded');
  const rows = table.stdout.trim().split('\n');
  assert.match(rows[0] ?? '', /^ID +STATE +TEMPLATE/);
  assert.deepEqual(
    rows.slice(1).map((row) => row.split(/ +/).slice(1, 3)),
    [
      ['succeeded', 'counting'],
      ['succeeded', 'counting'],
      ['succeeded', 'counting'],
      ['failed', 'exit-1'],
      ['succeeded', 'many-files'],
      ['succeeded', 'echo'],
    ],
  );
  const labelled = await succeed('jobs', '--label', 'run=odd', '--json');
  assert.deepEqual(
    (JSON.parse(labelled.stdout) as { id: string }[]).map(({ id }) => id),
    [manyId],
  );
  // As `jobs | head` does it.
  const unread = await start('jobs');
  unread.child.stdout?.destroy();
  assert.deepEqual([await unread.ended(), unread.stderr], [0, '']);
  const paged = await succeed('jobs', '--limit', '3');
  assert.equal(paged.stdout.trim().split('\n').length, 4);
  assert.match((await succeed('templates')).stdout, /^many-files +Nested files/m);
  const template = await succeed('templates', 'counting');
  assert.match(template.stdout, /^COUNT +integer +\(required\)/m);
  assert.match(template.stdout, /Example: edc-job-provisioner run counting --param COUNT=0 -o results/);
  const copying = (await succeed('templates', 'copying')).stdout;
  assert.match(copying, /^scene +\S+ .B +\(required\) +What is copied\.$/m);
  assert.match(copying, /Example: edc-job-provisioner run copying --input scene=FILE -o results/);
}

async function interrupts(t: TestContext, world: World): Promise<void> {
  const { start, run, succeed } = commandsOf(t, world.service.url);
  const left = await start('run', 'slow', '--follow');
  await untilSaid(left, /running/);
  left.child.kill('SIGINT');
  assert.equal(await left.ended(), 130, left.stderr);
  const id = left.stdout.trim();
  assert.match(
    left.stderr,
    new RegExp(`The job goes on\\.\\n.*job ${id} --follow\\n.*logs ${id} --follow\\n.*cancel ${id}\\n$`),
  );
  assert.match((await succeed('job', id)).stdout, /^state +running$/m);
  assert.match((await succeed('cancel', id)).stderr, /will be cancelled/);
  const followed = await run('job', id, '--follow');
  assert.deepEqual([followed.code, /cancelled: cancelled-by-user/.test(followed.stderr)], [4, true]);
  assert.match((await succeed('cancel', id)).stderr, /is cancelled/);

  const bound = await start('run', 'slow', '--cancel-on-exit');
  await untilSaid(bound, /running/);
  bound.child.kill('SIGTERM');
  assert.equal(await bound.ended(), 143, bound.stderr);
  assert.match(bound.stderr, /will be cancelled\n$/);
  assert.equal((await run('job', bound.stdout.trim(), '--follow')).code, 4);
}

async function continuesDownload(t: TestContext, world: World): Promise<void> {
  const { succeed } = commandsOf(t, world.service.url);
  const id = (await succeed('run', 'large', '--follow')).stdout.trim();
  await using proxy = await startFaultyProxy(world.service.url);
  const through = commandsOf(t, proxy.url);
  function ranges(): (string | undefined)[] {
    const large = proxy.requests.filter(({ path }) => path.endsWith('.bin'));
    return large.map(({ headers }) => headers.range);
  }
  // The first answer breaks in the middle, and the second never comes.
  proxy.fault = ({ path }) => {
    if (!path.endsWith('.bin')) return undefined;
    return ranges().length === 1 ? { kind: 'truncate' } : { kind: 'hang', when: 'before' };
  };
  const folder = join(world.folder, 'out');
  const broken = await through.start('results', id, '-o', folder);
  await waitUntil('it asks for the rest', () => ranges().length === 2);
  broken.child.kill('SIGINT');
  assert.equal(await broken.ended(), 130, broken.stderr);
  assert.match(broken.stderr, new RegExp(`Continue with: edc-job-provisioner results ${id} -o `));
  const [whole, rest = ''] = ranges();
  assert.equal(whole, undefined);
  // What was on its way when the connection broke may be lost.
  const start = Number(/^bytes=(\d+)-$/.exec(rest)?.[1]);
  assert.ok(start > 0 && start <= largeBytes / 2, rest);
  const left = await filesBelow(folder);
  assert.equal(left.includes(largeName), false);
  assert.equal(left.filter((name) => name.endsWith('.part')).length, 1);

  proxy.fault = () => undefined;
  const continued = await through.succeed('results', id, '-o', folder);
  assert.deepEqual(ranges(), [undefined, rest, rest], continued.stderr);
  assert.deepEqual(await filesBelow(folder), [largeName, 'sha256.txt'].sort());
  const digest = await readFile(join(folder, 'sha256.txt'), 'utf8');
  assert.equal(hash('sha256', await readFile(join(folder, largeName))), digest.trim());
}

async function untilSaid(command: CommandProcess, what: RegExp): Promise<void> {
  await waitUntil(
    `standard error has ${what.source}`,
    () => {
      assert.equal(command.child.exitCode, null, command.stderr);
      return what.test(command.stderr);
    },
    { deadlineMs: 120_000 },
  );
}
