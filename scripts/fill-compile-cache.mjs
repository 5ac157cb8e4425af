// Runs while the image is built, in the application's folder: lets each command that the image serves run once, so that
// NODE_COMPILE_CACHE holds what they load. Node writes the cache when a process ends by itself, never when it is killed,
// and into a folder named after its user's id: this has to run as the user that the image runs as.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const deadlineMillis = 60_000;
const program = join('bin', 'edc-job-provisioner.js');

await succeed([program, 'help']);
await succeed([program, 'check', 'jobs-templates']);
await succeed([program, 'render', 'seattle-weather']);
// A service without a cluster would not end by itself; loading its modules is enough.
for (const module of ['commands/serve.ts', 'app.ts'])
  await succeed(['--input-type=module', '--eval', `await import('${process.cwd()}/src/${module}')`]);
await uploadOnce();

async function succeed(args, env = {}, whileRunning = undefined) {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...env },
    timeout: deadlineMillis,
    killSignal: 'SIGKILL',
  });
  const ended = once(child, 'exit');
  await whileRunning?.(child);
  const [code, signal] = await ended;
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code ?? signal}`);
}

/** Runs the sidecar from its start to its manifest, with a store that accepts everything. */
async function uploadOnce() {
  const folder = mkdtempSync(join(tmpdir(), 'sidecar-'));
  const [results, state, credentials] = ['results', 'state', 'credentials'].map((name) => join(folder, name));
  for (const path of [results, state, credentials]) mkdirSync(path);
  writeFileSync(join(results, 'result.txt'), 'a result\n');
  for (const key of ['accessKeyId', 'secretAccessKey']) writeFileSync(join(credentials, key), 'unused');
  const store = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, { etag: '"stored"' }).end());
  });
  store.listen(0, '127.0.0.1');
  await once(store, 'listening');
  const env = {
    SIDECAR_RESULTS: results,
    SIDECAR_STATE: state,
    SIDECAR_CREDENTIALS: credentials,
    SIDECAR_FLOW: 'image-build',
    SIDECAR_ATTEMPT: 'image-build',
    SIDECAR_ENDPOINT: `http://127.0.0.1:${store.address().port}`,
    SIDECAR_REGION: 'us-east-1',
    SIDECAR_BUCKET: 'results',
    SIDECAR_GRACE_SECONDS: '30',
    SIDECAR_TERMINATION_MESSAGE: join(state, 'termination-message'),
  };
  try {
    await succeed([program, 'sidecar'], env, async (child) => {
      await untilExists(join(state, 'started'), child);
      child.kill('SIGTERM');
    });
  } finally {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Waits for the file or for the end of the process, whose exit code says more. */
async function untilExists(file, child) {
  while (!existsSync(file) && child.exitCode === null && child.signalCode === null) await delay(50);
}
