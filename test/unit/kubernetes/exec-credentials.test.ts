import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { isServiceError } from '../../../src/errors.ts';
import { connectCluster, type Cluster } from '../../../src/kubernetes/cluster.ts';
import { openExecCredentials } from '../../../src/kubernetes/exec-credentials.ts';
import { runExecProgram } from '../../../src/kubernetes/exec-program.ts';
import { startTestApi } from '../../support/api-server.ts';
import { readKubeconfig } from '../../support/kubeconfig.ts';
import { waitUntil } from '../../support/wait-until.ts';

function patience(): AbortSignal {
  return AbortSignal.timeout(60_000);
}

async function aFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'edc-jp-test-'));
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** A script that notes each of its runs in the file `runs` and then does what the given lines say. */
async function aScript(folder: string, lines: string): Promise<string> {
  const path = join(folder, 'get-token');
  await writeFile(path, `#!/bin/sh\ncd "${folder}"\necho run >> runs\n${lines}\n`);
  await chmod(path, 0o755);
  return path;
}

async function runsIn(folder: string): Promise<number> {
  const text = await readFile(join(folder, 'runs'), 'utf8').catch(() => '');
  return text.split('\n').length - 1;
}

function answer(status: Record<string, unknown>): string {
  return JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status });
}

/** The embedded API server, asked by a user whose credentials the script gives. */
async function connectByScript(
  t: TestContext,
  lines: (token: string) => string,
): Promise<{ cluster: Cluster; folder: string; token: string }> {
  const api = await startTestApi();
  t.after(() => api[Symbol.asyncDispose]());
  const folder = await aFolder(t);
  const { user } = await readKubeconfig(api.kubeconfig);
  const token = 'token' in user ? user.token : '';
  await aScript(folder, lines(token));
  const admin = JSON.parse(await readFile(api.kubeconfig, 'utf8')) as { users: { name: string }[] };
  const users = admin.users.map(({ name }) => ({
    name,
    // Relative to the kubeconfig, as kubectl has it.
    user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: './get-token', args: null } },
  }));
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, JSON.stringify({ ...admin, users }));
  const cluster = await connectCluster({ kubeconfig, namespace: 'jobs', requestTimeoutMillis: 60_000 });
  t.after(() => cluster.close());
  return { cluster, folder, token };
}

test('fifty requests at once, on both connections, wait for one run of a slow program', async (t) => {
  const { cluster, folder } = await connectByScript(
    t,
    (token) => `until [ -e go ]; do sleep 0.02; done\necho '${answer({ token })}'`,
  );
  const calls = Array.from({ length: 50 }, (_, index) =>
    index % 2 === 0 ? cluster.checkVersion(patience()) : cluster.leases.get('none', patience()),
  );
  await waitUntil('the program runs', async () => (await runsIn(folder)) > 0);
  await writeFile(join(folder, 'go'), '');
  await Promise.all(calls);
  await cluster.checkVersion(patience());
  assert.equal(await runsIn(folder), 1);
});

test('a token that the API server refuses is renewed by the next request, and one that is refused again is not asked for in a loop', async (t) => {
  const { cluster, folder, token } = await connectByScript(
    t,
    () => `sed -n "$(wc -l < runs)p" answers | grep . || tail -n 1 answers`,
  );
  const lines = [answer({ token: 'revoked' }), answer({ token })];
  await writeFile(join(folder, 'answers'), `${lines.join('\n')}\n`);
  await assert.rejects(cluster.checkVersion(patience()), (error) =>
    isServiceError(error, 'cluster-unavailable'),
  );
  await cluster.checkVersion(patience());
  assert.equal(await runsIn(folder), 2);
});

test('a token that is refused whenever it is new does not run the program for each request', async (t) => {
  const { cluster, folder } = await connectByScript(t, () => `echo '${answer({ token: 'revoked' })}'`);
  for (let asked = 0; asked < 10; asked += 1) await assert.rejects(cluster.checkVersion(patience()), /401/);
  assert.equal(await runsIn(folder), 2);
});

test('a request that is given up does not wait for a program that hangs, and closing kills it', async (t) => {
  const { cluster, folder } = await connectByScript(t, () => 'echo $$ > pid\nsleep 1000 & wait');
  const giveUp = new AbortController();
  const call = cluster.checkVersion(giveUp.signal);
  const pid = await waitUntil('the program runs', async () =>
    Number(await readFile(join(folder, 'pid'), 'utf8').catch(() => '')),
  );
  giveUp.abort(new Error('given up'));
  await assert.rejects(
    call,
    (error) => isServiceError(error, 'cluster-unavailable') && /given up/.test(error.message),
  );
  await cluster.close();
  await waitUntil('the program is gone', async () => !(await isAlive(pid)));
});

/** What was killed and that nobody has waited for is dead, too. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat !== undefined && !/\) [ZX] /.test(stat);
}

interface Failing {
  name: string;
  lines: string;
  words: RegExp;
}

const failing: Failing[] = [
  { name: 'is not JSON', lines: 'echo token: a-secret', words: /it is not JSON\. Run it by hand/ },
  {
    name: 'is another kind',
    lines: `echo '{"kind":"Status","a":"a-secret"}'`,
    words: /expected kind ExecCredential/,
  },
  { name: 'has no token', lines: `echo '${answer({ a: 'a-secret' })}'`, words: /expected .* status\.token/ },
  {
    name: 'has a time that is none',
    lines: `echo '${answer({ token: 'a-secret', expirationTimestamp: 'soon' })}'`,
    words: /expirationTimestamp is no RFC 3339 time/,
  },
  {
    name: 'is an error',
    lines: 'echo a-secret\necho "The SSO session has expired: aws sso login" >&2\nexit 255',
    words: /ended with 255: The SSO session has expired: aws sso login/,
  },
];

for (const { name, lines, words } of failing) {
  test(`what the program says ${name}: the message says what to do, shows no secret, and the program is not run for each request`, async (t) => {
    const { cluster, folder } = await connectByScript(t, () => lines);
    for (let asked = 0; asked < 5; asked += 1) {
      await assert.rejects(cluster.checkVersion(patience()), (error) => {
        assert.ok(isServiceError(error, 'cluster-unavailable'), String(error));
        assert.match(error.message, words);
        assert.doesNotMatch(error.message, /a-secret/);
        return true;
      });
    }
    assert.equal(await runsIn(folder), 1);
  });
}

const nothing = { args: [], env: {}, installHint: 'see the manual of the cloud' };

test('a program that is missing: the message names it and what to do', async () => {
  await assert.rejects(
    runExecProgram({ ...nothing, command: 'no-such-program' }, patience()),
    (error) =>
      isServiceError(error, 'cluster-unavailable') &&
      /"no-such-program".* was not found\. Install it .*\(see the manual of the cloud\)/.test(error.message),
  );
});

test('a program that hangs is killed at its deadline with what it started, though that holds its output open', async (t) => {
  const folder = await aFolder(t);
  const command = await aScript(folder, 'sleep 1000 &\necho $! > pid\nexit 0');
  const deadline = new AbortController();
  const run = runExecProgram({ ...nothing, command, env: { PATH: process.env['PATH'] } }, deadline.signal);
  const pid = await waitUntil('it has started another', async () =>
    Number(await readFile(join(folder, 'pid'), 'utf8').catch(() => '')),
  );
  deadline.abort(new Error('no answer within 30 s'));
  await assert.rejects(run, /did not end \(no answer within 30 s\) and was killed/);
  await waitUntil('what it started is gone', async () => !(await isAlive(pid)));
});

/** Credentials of a program that is counted, and a clock that is set by hand. */
function counted(answers: (now: number) => Promise<string> | string) {
  const state = { now: Date.parse('2026-01-01T00:00:00Z'), setBack: 0, runs: 0 };
  const credentials = openExecCredentials({
    run: async () => {
      state.runs += 1;
      return await answers(state.now);
    },
    now: () => state.now - state.setBack,
    monotonic: () => state.now,
  });
  return { state, credentials };
}

function expiringIn(seconds: number) {
  return (now: number) =>
    answer({ token: `of ${now}`, expirationTimestamp: new Date(now + seconds * 1000).toISOString() });
}

test('credentials are kept until a minute before they expire', async () => {
  const { state, credentials } = counted(expiringIn(900));
  const { token } = await credentials.current();
  state.now += 839_000;
  assert.equal((await credentials.current()).token, token);
  state.now += 2000;
  assert.notEqual((await credentials.current()).token, token);
  assert.equal(state.runs, 2);
});

test('a renewal that fails leaves the old ones in use until they expire, and is not tried for each request', async () => {
  let fails = false;
  const { state, credentials } = counted((now) => {
    if (fails) throw new Error('no network');
    return expiringIn(900)(now);
  });
  const first = await credentials.current();
  fails = true;
  state.now += 850_000;
  for (let asked = 0; asked < 10; asked += 1) assert.equal(await credentials.current(), first);
  assert.equal(state.runs, 2);
  state.now += 60_000;
  await assert.rejects(credentials.current(), /no network/);
  assert.equal(state.runs, 3);
});

test('a clock that is set back by an hour keeps no failure alive', async () => {
  let fails = true;
  const { state, credentials } = counted(() => {
    if (fails) throw new Error('no network');
    return answer({ token: 'good' });
  });
  await assert.rejects(credentials.current(), /no network/);
  fails = false;
  state.setBack = 3_600_000;
  state.now += 6000;
  assert.equal((await credentials.current()).token, 'good');
  assert.equal(state.runs, 2);
});

test('credentials that are expired when they come, as with a wrong clock, are used and not asked for in a loop', async () => {
  const { state, credentials } = counted(expiringIn(-10));
  for (let asked = 0; asked < 10; asked += 1) assert.ok((await credentials.current()).token);
  assert.equal(state.runs, 1);
  state.now += 6000;
  await credentials.current();
  assert.equal(state.runs, 2);
});

test('a refusal of older credentials does not discard the new ones', async () => {
  const { state, credentials } = counted((now) => answer({ token: `of ${now}` }));
  const old = await credentials.current();
  credentials.refused(old);
  state.now += 60_000;
  const renewed = await credentials.current();
  credentials.refused(old);
  assert.equal(await credentials.current(), renewed);
  assert.equal(state.runs, 2);
});
