import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { processEnvironment } from '../config/config.ts';
import { describeDev, type DevFacts, describeEnvironment } from '../demo/dev/describe-dev.ts';
import { defaultStateFolder, DevStateFolder } from '../demo/dev/state-folder.ts';
import { detachDev } from '../demo/dev/detach-dev.ts';
import type { DevOptions } from '../demo/dev/start-dev.ts';
import { ServiceError } from '../errors.ts';
import { createLogger } from '../log.ts';
import { exitCodeOf, listenForInterruption, type Interruption } from './signals.ts';
import { readArguments, readVersion, UsageError } from './command-line.ts';

const help = `Usage: edc-job-provisioner dev [options]       run until Ctrl-C, or in the background with --detach
       edc-job-provisioner dev env [options]   print the shell variables of the dev in the background
       edc-job-provisioner dev stop [options]  end the dev in the background

Runs the service with an embedded cluster and store, and prints their addresses and keys.

  --port N          port of the service (default: EDC_JP_HTTP_PORT, else 8080; 0 selects a free one)
  --servers-only    cluster and store without the service; the printed file holds the settings with which
                    "serve" uses them
  --detach          return when everything is ready, and run in the background until "dev stop"
  --json            print one line of JSON instead of a table (or, with env, of shell commands)
  --callback URL    callback address of a connector on this machine
                    (default: http://localhost:8181/api/management/callback)
  --key KEY         key of that connector's management API (default: CONNECTOR_PROVIDER_KEY, else a random one, which
                    is printed)
  --management URL  base of its management API (default: the callback address without its final /callback)
  --state FOLDER    folder for the addresses, keys and log of the dev in the background, readable by you alone
                    (default: \${XDG_STATE_HOME:-~/.local/state}/edc-job-provisioner/dev)

  --help            print this

EDC_JP_… settings of the environment apply, except for the addresses of the embedded servers. The log goes to standard error.

Example: edc-job-provisioner dev --detach
`;

type Values = NonNullable<ReturnType<typeof readDevArguments>>['values'];

const stopMillis = 60_000;

/** Ends with exit code 0 on SIGINT, SIGTERM or `dev stop`, and leaves nothing behind. */
export async function devCommand(args: string[]): Promise<void> {
  const read = readDevArguments(args);
  if (read === undefined) return;
  const { values, positionals } = read;
  const state = new DevStateFolder(values.state ?? defaultStateFolder(processEnvironment()));
  const action = positionals.join(' ');
  if (action === 'stop') await stop(state);
  else if (action === 'env') await printEnvironment(values, state);
  else if (action === '') await start(args, values, state);
  else
    throw new UsageError(
      `dev: expected env, stop or nothing, received "${action}"\nSee edc-job-provisioner dev --help.`,
    );
}

function readDevArguments(args: string[]) {
  return readArguments('dev', help, {
    args,
    allowPositionals: true,
    options: {
      port: { type: 'string' },
      'servers-only': { type: 'boolean', default: false },
      detach: { type: 'boolean', default: false },
      // Internal: the process that --detach starts.
      background: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      callback: { type: 'string', default: 'http://localhost:8181/api/management/callback' },
      key: { type: 'string' },
      management: { type: 'string' },
      state: { type: 'string' },
    },
  });
}

async function start(args: string[], values: Values, state: DevStateFolder): Promise<void> {
  using interruption = listenForInterruption();
  const options = optionsOf(values);
  if (values.detach) {
    await startInBackground({ args, values, state }, interruption);
  } else if (values.background) {
    const { keepDev } = await import('../demo/dev/keep-dev.ts');
    await keepDev(options, state, interruption.signal);
  } else {
    // Loaded only to start servers, so that help, `dev env` and `dev stop` answer quickly.
    const { startDev } = await import('../demo/dev/start-dev.ts');
    await using dev = await startDev(options);
    print(dev.facts, { json: values.json, end: 'Ctrl-C ends all of it.' });
    if (!interruption.signal.aborted) await once(interruption.signal, 'abort');
  }
}

async function startInBackground(
  { args, values, state }: { args: string[]; values: Values; state: DevStateFolder },
  interruption: Interruption,
): Promise<void> {
  const kept = args.filter((argument) => argument !== '--detach');
  const argv = [process.execPath, process.argv[1] ?? '', 'dev', ...kept, '--background'];
  try {
    const { facts, pid } = await detachDev(argv, state, interruption.signal);
    const end = `It runs in the background (process ${pid}, log ${state.log}).\n"npm run dev -- stop" ends all of it.`;
    print(facts, { json: values.json, end });
  } catch (error) {
    const received = interruption.received();
    if (received === undefined) throw error;
    process.exitCode = exitCodeOf(received);
    process.stderr.write('dev was interrupted before it was ready; nothing is left of it.\n');
  }
}

function optionsOf(values: Values): DevOptions {
  const env = processEnvironment();
  return {
    port: readPort(values.port ?? env['EDC_JP_HTTP_PORT'] ?? '8080'),
    connector: {
      name: 'provider',
      token: randomBytes(24).toString('hex'),
      key: values.key ?? env['CONNECTOR_PROVIDER_KEY'] ?? randomBytes(24).toString('hex'),
      callbackPrefix: values.callback,
      ...(values.management === undefined ? {} : { managementUrl: values.management }),
    },
    serversOnly: values['servers-only'],
    version: readVersion(),
    env,
    log: createLogger(env['EDC_JP_LOG_LEVEL'] ?? 'info'),
  };
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`--port: expected a number from 0 to 65535, received "${text}"`);
}

function print(facts: DevFacts, { json, end }: { json: boolean; end: string }): void {
  process.stdout.write(json ? `${JSON.stringify(facts)}\n` : describeDev(facts, end));
}

async function printEnvironment({ json }: Values, state: DevStateFolder): Promise<void> {
  const known = await state.load();
  if (known === undefined)
    throw new ServiceError('not-found', 'no dev runs in the background: start one with "dev --detach"');
  process.stdout.write(json ? `${JSON.stringify(known.facts)}\n` : describeEnvironment(known.facts));
}

async function stop(state: DevStateFolder): Promise<void> {
  const ended = await state.stop(stopMillis);
  process.stderr.write(
    ended ? 'dev has ended; nothing is left of it.\n' : 'No dev runs in the background.\n',
  );
}
