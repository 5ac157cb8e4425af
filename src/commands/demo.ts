import { resolve } from 'node:path';
import { processEnvironment } from '../config/config.ts';
import type { DemoServers } from '../demo/demo-servers.ts';
import { demoNames, isDemoName, type DemoName } from '../demo/dialects/demos.ts';
import { messageOf, ServiceError } from '../errors.ts';
import { StepPrinter } from '../demo/step-printer.ts';
import { createLogger } from '../log.ts';
import { exitCodeOf, listenForInterruption } from './signals.ts';
import { readArguments, readVersion, UsageError } from './command-line.ts';

const expectedNames = demoNames.join(', ');

const help = `Usage: edc-job-provisioner demo [options]

Runs one flow, by default on this machine alone: a connector's request, a Job, its results, the callback, the data, the end.

  --dialect NAME   how the connector asks: ${expectedNames}
                   (default: ${demoNames[0]})
  --asset ID       asset that the connector requests (default: seattle-weather)
  --templates DIR  folder of the templates (default: jobs-templates of this project)
  --output FOLDER  folder in which a new folder for the results is created (default: demo-result)
  --external       use the cluster and the store that EDC_JP_CLUSTER_KUBECONFIG, EDC_JP_STORE_ENDPOINT, EDC_JP_IMAGES_SIDECAR,
                   STORE_ACCESS_KEY_ID and STORE_SECRET_ACCESS_KEY name, in a namespace and a bucket that are deleted afterwards
  --timeout N      deadline of the demo in seconds (default: 300)
  --verbose        also print the service's log, to standard error
  --help           print this

Example: edc-job-provisioner demo --dialect signaling-push --output /tmp/demo
`;

/** Exit code 0 with the folder of verified results, else 1 with the reason. Leaves nothing else behind. */
export async function demoCommand(args: string[]): Promise<void> {
  const read = readArguments('demo', help, {
    args,
    options: {
      dialect: { type: 'string', default: demoNames[0] },
      asset: { type: 'string', default: 'seattle-weather' },
      templates: { type: 'string' },
      output: { type: 'string', default: 'demo-result' },
      external: { type: 'boolean', default: false },
      timeout: { type: 'string', default: '300' },
      verbose: { type: 'boolean', default: false },
    },
  });
  if (read === undefined) return;
  const { asset: assetId, templates, output, verbose, external } = read.values;
  const demo = readDemoName(read.values.dialect);
  const seconds = readSeconds(read.values.timeout);
  await runUntilEnd({ demo, assetId, templates, output: resolve(output), verbose, external, seconds });
}

function readDemoName(text: string): DemoName {
  if (isDemoName(text)) return text;
  throw new UsageError(`--dialect: expected one of ${expectedNames}, received "${text}"`);
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 86_400) return seconds;
  throw new UsageError(`--timeout: expected seconds from 1 to 86400, received "${text}"`);
}

interface Run {
  demo: DemoName;
  assetId: string;
  templates: string | undefined;
  output: string;
  verbose: boolean;
  external: boolean;
  seconds: number;
}

async function runUntilEnd({ verbose, external, seconds, ...wanted }: Run): Promise<void> {
  using interruption = listenForInterruption();
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort(new ServiceError('deadline-exceeded', `the demo did not end within ${seconds} s`));
  }, seconds * 1000);
  const printer = new StepPrinter(process.stdout);
  const signal = AbortSignal.any([interruption.signal, deadline.signal]);
  const log = createLogger(verbose ? 'debug' : 'silent');
  try {
    const options = { ...wanted, version: readVersion(), printer, log };
    const { runDemo } = await import('../demo/run-demo.ts');
    const folder = await runDemo({ ...options, startServers: serversFor(external) }, signal);
    printer.success(`The results are in ${folder}`);
  } catch (error) {
    const received = interruption.received();
    if (received === undefined) throw asSentence(signal.aborted ? signal.reason : error);
    process.exitCode = exitCodeOf(received);
    process.stderr.write('The demo was interrupted; nothing is left of it.\n');
  } finally {
    clearTimeout(timer);
  }
}

function serversFor(external: boolean): (folder: string) => Promise<DemoServers> {
  return external
    ? async () => (await import('../demo/external-servers.ts')).openExternalServers(processEnvironment())
    : async (folder) => (await import('../demo/embedded-servers.ts')).startEmbeddedServers(folder);
}

/** The output of a demo shows no stack. */
function asSentence(error: unknown): ServiceError {
  return error instanceof ServiceError
    ? error
    : new ServiceError('internal', messageOf(error), { cause: error });
}
