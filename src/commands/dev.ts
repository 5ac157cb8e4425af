import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { processEnvironment } from '../config/process-environment.ts';
import { describeDev, type DevFacts } from '../demo/describe-dev.ts';
import { startDev } from '../demo/start-dev.ts';
import type { KnownConnector } from '../demo/start-embedded-service.ts';
import { ServiceError } from '../errors.ts';
import { createLogger } from '../log.ts';
import { listenForInterruption } from './listen-for-interruption.ts';
import { readOptions } from './read-options.ts';
import { readVersion } from './serve.ts';

const help = `Usage: edc-job-provisioner dev [options]

Runs the service with an embedded cluster and store until Ctrl-C, and prints where they are and the keys to them.

  --port N          port of the service (default: 8080; 0 takes a free one)
  --json            print one line of JSON instead of a table
  --callback URL    callback address of a connector on this machine
                    (default: http://localhost:8181/api/management/callback)
  --key KEY         key of that connector's management API (default: a random one, which is printed)
  --management URL  base of its management API (default: the callback address without its final /callback)

EDC_JP_… settings of the environment count, unless they say where the embedded servers are. The log goes to standard error.
`;

/** Ends with exit code 0 on SIGINT or SIGTERM, and leaves nothing behind. */
export async function devCommand(args: string[]): Promise<void> {
  const { values } = readOptions('dev', () =>
    parseArgs({
      args,
      options: {
        port: { type: 'string', default: '8080' },
        json: { type: 'boolean', default: false },
        callback: { type: 'string', default: 'http://localhost:8181/api/management/callback' },
        key: { type: 'string' },
        management: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }),
  );
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  using interruption = listenForInterruption();
  const env = processEnvironment();
  const log = createLogger(env['EDC_JP_LOG_LEVEL'] ?? 'info');
  await using dev = await startDev({
    port: readPort(values.port),
    connector: connectorOf(values),
    version: readVersion(),
    env,
    log,
  });
  print(dev.facts, values.json);
  if (!interruption.signal.aborted) await once(interruption.signal, 'abort');
}

function connectorOf(values: { callback: string; key?: string; management?: string }): KnownConnector {
  return {
    name: 'provider',
    token: randomBytes(24).toString('hex'),
    key: values.key ?? randomBytes(24).toString('hex'),
    callbackPrefix: values.callback,
    ...(values.management === undefined ? {} : { managementUrl: values.management }),
  };
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new ServiceError('invalid-request', `--port: expected a number from 0 to 65535, received "${text}"`);
}

function print(facts: DevFacts, json: boolean): void {
  process.stdout.write(json ? `${JSON.stringify(facts)}\n` : describeDev(facts));
}
