import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { askToStop, holdControlSocket, isHeld } from '../../../../src/demo/dev/control-socket.ts';

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'edc-jp-control-'));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

test('the one who asks the holder to stop waits until it has let go', async (t) => {
  const path = join(await folder(t), 'control');
  const control = await holdControlSocket(path);
  let over = false;
  const asked = askToStop(path, AbortSignal.timeout(60_000)).then((answer) => {
    assert.ok(over);
    return answer;
  });
  await once(control.stopRequested, 'abort');
  over = true;
  await control[Symbol.asyncDispose]();
  assert.equal(await asked, true);
  assert.deepEqual(await readdir(join(path, '..')), []);
});

test('a second holder is refused, and the first one hears nothing of it', async (t) => {
  const path = join(await folder(t), 'control');
  const control = await holdControlSocket(path);
  await assert.rejects(holdControlSocket(path), { code: 'conflict' });
  assert.equal(await isHeld(path), true);
  assert.equal(control.stopRequested.aborted, false);
  await control[Symbol.asyncDispose]();
  assert.equal(await isHeld(path), false);
});

test('a socket that a killed holder has left is replaced', async (t) => {
  const path = join(await folder(t), 'control');
  const program = `require('node:net').createServer().listen(process.argv[1], () => console.log('listens'))`;
  const holder = spawn(process.execPath, ['-e', program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  assert.equal(await askToStop(path, AbortSignal.timeout(60_000)), false);
  const control = await holdControlSocket(path);
  assert.equal(await isHeld(path), true);
  await control[Symbol.asyncDispose]();
});

test('a holder that does not let go ends the wait with the reason of its signal', async (t) => {
  const path = join(await folder(t), 'control');
  const control = await holdControlSocket(path);
  const patience = new AbortController();
  const asked = askToStop(path, patience.signal);
  await once(control.stopRequested, 'abort');
  patience.abort(new Error('too long'));
  await assert.rejects(asked, /too long/);
  await control[Symbol.asyncDispose]();
});

test('anything else that is written to it does not stop the holder', async (t) => {
  const path = join(await folder(t), 'control');
  const control = await holdControlSocket(path);
  const socket = connect(path);
  socket.end('GET / HTTP/1.1\r\n\r\nstop\n');
  await once(socket.resume(), 'close');
  assert.equal(control.stopRequested.aborted, false);
  await control[Symbol.asyncDispose]();
});
