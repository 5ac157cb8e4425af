import { writeSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { loadSidecarSettings } from '../config/sidecar.ts';
import { messageOf } from '../errors.ts';
import { createLog } from '../sidecar/log-line.ts';
import { runSidecar } from '../sidecar/run-sidecar.ts';
import { readArguments } from './command-line.ts';

const help = `Usage: edc-job-provisioner sidecar [options]

Uploads the worker's results until SIGTERM. The service adds it to the pods of its Jobs and configures it by SIDECAR_… variables; it is not
meant to be started by hand.

  --help  print this

Example: kubectl logs job/<flow> --container uploader
`;

/**
 * Ends only after SIGTERM, once the results are stored or its grace period is over. Wrong settings end it immediately: then its startup
 * probe has not passed, so no worker runs.
 */
export async function sidecarCommand(args: string[]): Promise<void> {
  if (readArguments('sidecar', help, { args }) === undefined) return;
  // Otherwise the garbage of thousands of small requests lets the young heap grow by 30 MiB before it is collected.
  setFlagsFromString('--semi-space-growth-factor=1');
  const terminated = new AbortController();
  process.on('SIGTERM', () => {
    terminated.abort();
  });
  const log = createLog(writeError);
  process.on('uncaughtException', (error) => {
    log('error', 'uncaught exception', {
      problem: messageOf(error),
      stack: error.stack,
    });
  });
  try {
    process.exitCode = await runSidecar(loadSidecarSettings(), log, terminated.signal);
  } catch (error) {
    log('error', 'sidecar cannot run', { problem: messageOf(error) });
    process.exitCode = 1;
  }
}

/** Synchronous, so that the last line is written before the process ends. A closed standard error must not end the process. */
function writeError(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // No reader is left; the termination message says the same.
  }
}
