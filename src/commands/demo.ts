import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf, ServiceError } from '../errors.ts';
import { runDemo } from '../demo/run-demo.ts';
import { StepPrinter } from '../demo/step-printer.ts';
import { createLogger } from '../log.ts';
import { exitCodeOf, listenForInterruption } from './listen-for-interruption.ts';
import { readOptions } from './read-options.ts';
import { readVersion } from './serve.ts';

const help = `Usage: edc-job-provisioner demo [options]

Runs one flow on this machine alone: a connector's request, a Job, its results, the callback, the data, the deletion.

  --asset ID       asset that the connector asks for (default: seattle-weather)
  --output FOLDER  the results get a folder of their own in it (default: demo-result)
  --timeout N      seconds until it is given up (default: 300)
  --verbose        also print the service's log, to standard error
`;

/** Exit code 0 with verified results and their place; 1 with what went wrong; nothing else is left behind. */
export async function demoCommand(args: string[]): Promise<void> {
  const { values } = readOptions('demo', () =>
    parseArgs({
      args,
      options: {
        asset: { type: 'string', default: 'seattle-weather' },
        output: { type: 'string', default: 'demo-result' },
        timeout: { type: 'string', default: '300' },
        verbose: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }),
  );
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const { asset: assetId, output, verbose } = values;
  await runToItsEnd({ assetId, output: resolve(output), verbose, seconds: readSeconds(values.timeout) });
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 86_400) return seconds;
  throw new ServiceError(
    'invalid-request',
    `--timeout: expected seconds from 1 to 86400, received "${text}"`,
  );
}

interface Run {
  assetId: string;
  output: string;
  verbose: boolean;
  seconds: number;
}

async function runToItsEnd({ assetId, output, verbose, seconds }: Run): Promise<void> {
  using interruption = listenForInterruption();
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort(new ServiceError('deadline-exceeded', `the demo did not end within ${seconds} s`));
  }, seconds * 1000);
  const printer = new StepPrinter(process.stdout);
  const signal = AbortSignal.any([interruption.signal, deadline.signal]);
  const log = createLogger(verbose ? 'debug' : 'silent');
  try {
    const folder = await runDemo({ assetId, output, version: readVersion(), printer, log }, signal);
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

/** Nobody who runs a demo wants a stack. */
function asSentence(error: unknown): ServiceError {
  return error instanceof ServiceError
    ? error
    : new ServiceError('internal', messageOf(error), { cause: error });
}
