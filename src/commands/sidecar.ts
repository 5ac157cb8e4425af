import { writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { loadSidecarSettings } from '../config/sidecar.ts';
import { messageOf } from '../errors.ts';
import { createLog } from '../sidecar/log-line.ts';
import { runSidecar } from '../sidecar/run-sidecar.ts';
import { readOptions } from './command-line.ts';

const help = `Usage: edc-job-provisioner sidecar [options]

Uploads what the worker beside it writes, until SIGTERM. The service puts it into the pods of its Jobs and tells it all by SIDECAR_… variables;
nobody has to start it by hand.

  --help  print this

Example: kubectl logs job/<flow> --container uploader
`;

/**
 * `sidecar`: ends on SIGTERM alone, once the results are stored or its grace is over. Wrong settings end it at once: its
 * startup probe never passed then, so that no worker runs.
 */
export async function sidecarCommand(args: string[]): Promise<void> {
  const { values } = readOptions('sidecar', () =>
    parseArgs({ args, options: { help: { type: 'boolean', default: false } } }),
  );
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  // Garbage of thousands of small requests would otherwise let the young heap grow by 30 MiB before anybody collects it.
  setFlagsFromString('--semi-space-growth-factor=1');
  const terminated = new AbortController();
  process.on('SIGTERM', () => {
    terminated.abort();
  });
  const log = createLog(writeError);
  process.on('uncaughtException', (error) => {
    log('error', 'something failed where nobody waited for it', {
      problem: messageOf(error),
      stack: error.stack,
    });
  });
  try {
    process.exitCode = await runSidecar(loadSidecarSettings(), log, terminated.signal);
  } catch (error) {
    log('error', 'the sidecar cannot run', { problem: messageOf(error) });
    process.exitCode = 1;
  }
}

/** Synchronous, so that the last line is out before the process ends; a reader that is gone must not end it. */
function writeError(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // Nobody reads; the termination message says the same.
  }
}
