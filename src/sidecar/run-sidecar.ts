import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SidecarSettings } from '../config/sidecar.ts';
import { messageOf } from '../errors.ts';
import type { SidecarReport } from '../flow/sidecar-report.ts';
import { abortUpload } from '../storage/upload/multipart-upload.ts';
import { startGrace } from './grace.ts';
import { fetchInputs } from './inputs/fetch-inputs.ts';
import { InputError } from './inputs/input-error.ts';
import type { Log } from './log-line.ts';
import { openSession, type Session } from './session.ts';
import { reportProgress } from './report-progress.ts';
import { failureReport, writeTerminationMessage } from './termination-message.ts';
import { uploadRest } from './upload-rest.ts';
import { uploadWhileRunning } from './upload-while-running.ts';

const reopenMillis = 1_000;
const abandonMillis = 10_000;

/**
 * The pod half: uploads what the worker writes, and after `terminate` (SIGTERM, sent when the worker has ended) the rest and the
 * manifest. Before the worker starts, it fetches the inputs; if one cannot be fetched it returns, so that the termination message says why.
 * Returns the exit code, 0 only with a manifest, and otherwise never before `terminate`, also after errors: a sidecar that ended early
 * could be in its crash back-off when the worker ends, and then nothing would be uploaded. The caller installs its handler for SIGTERM
 * first: this writes the file that the startup probe tests.
 */
export async function runSidecar(
  settings: SidecarSettings,
  log: Log,
  terminate: AbortSignal,
): Promise<0 | 1> {
  // An earlier process in this pod may have left the file; the probe must not pass before this process is ready. It can still pass in
  // the 100 ms or so until Node runs this line: the root is read-only and the volumes belong to the pod, so that no plain file is new
  // with each start of the container, and `test` cannot compare a file's content with the start of a process.
  rmSync(startedFile(settings), { force: true });
  if (!(await prepareInputs(settings, log, terminate))) return 1;
  const grace = startGrace(settings.graceSeconds, terminate);
  // Nothing else keeps the process alive when everything has failed.
  const alive = setInterval(() => undefined, 1_000_000);
  terminate.addEventListener('abort', () => {
    leaveMessage(settings, log, killedReport);
  });
  const report = openInTime(settings, log, { deadline: grace.deadline, terminate }).then(async (session) => {
    try {
      return await uploadAll(session, terminate);
    } finally {
      session.close();
    }
  });
  try {
    const stored = await Promise.race([report, grace.expired]);
    log('info', 'the results are stored', { ...stored });
    leaveMessage(settings, log, stored);
    return 0;
  } catch (error) {
    if (!terminate.aborted) await once(terminate, 'abort');
    log('error', 'the results could not be stored', { problem: messageOf(error) });
    leaveMessage(settings, log, failureReport(error));
    return 1;
  } finally {
    clearInterval(alive);
    grace.stop();
  }
}

/** Whether the inputs are there; if not, the termination message says why. */
async function prepareInputs(settings: SidecarSettings, log: Log, terminate: AbortSignal): Promise<boolean> {
  try {
    await fetchInputs(settings, log, terminate);
    return true;
  } catch (error) {
    const isStopped = terminate.aborted && !(error instanceof InputError);
    const cause = isStopped ? new Error('the pod was stopped before its inputs were fetched') : error;
    const report = failureReport(cause);
    log(isStopped ? 'info' : 'error', 'the inputs could not be fetched', { ...report });
    leaveMessage(settings, log, report);
    return false;
  }
}

/** The file that the startup probe tests. */
function startedFile({ state }: SidecarSettings): string {
  return join(state, 'started');
}

/** The termination message if this process is killed before its end. */
const killedReport: SidecarReport = { error: { message: 'the upload was killed before it ended' } };

function leaveMessage({ terminationMessage }: SidecarSettings, log: Log, report: SidecarReport): void {
  try {
    writeTerminationMessage(terminationMessage, report);
  } catch (error) {
    log('error', 'the termination message could not be written', { problem: messageOf(error) });
  }
}

interface Signals {
  deadline: AbortSignal;
  terminate: AbortSignal;
}

/** Waits for a folder that is missing, or for a full disk, as for a store that is down. */
async function openInTime(
  settings: SidecarSettings,
  log: Log,
  { deadline, terminate }: Signals,
): Promise<Session> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const session = openSession(settings, log, deadline);
      writeFileSync(startedFile(settings), '');
      return session;
    } catch (error) {
      if (deadline.aborted) throw error;
      if (attempt === 1)
        log('error', 'the upload could not be prepared and is tried again', { problem: messageOf(error) });
    }
    const signal = terminate.aborted ? deadline : terminate;
    await delay(reopenMillis, undefined, { signal }).catch(() => undefined);
  }
}

async function uploadAll(session: Session, terminate: AbortSignal): Promise<SidecarReport> {
  const abandoned = abandonUploads(session);
  const reported = new AbortController();
  const reporting = reportProgress(session, AbortSignal.any([reported.signal, session.deadline]));
  try {
    await uploadWhileRunning(session, terminate);
    const report = await uploadRest(session);
    await abandoned;
    return report;
  } finally {
    reported.abort();
    await reporting;
  }
}

/** Aborts the multipart uploads of an earlier process in this pod: nobody else knows their ids. */
async function abandonUploads({ store, journal, log, deadline }: Session): Promise<void> {
  for (const upload of [...journal.open.values()]) {
    try {
      await abortUpload(store, upload, AbortSignal.any([deadline, AbortSignal.timeout(abandonMillis)]));
      journal.addEnded(upload);
    } catch (error) {
      log('warn', 'an upload of an earlier process could not be aborted', {
        key: upload.key,
        problem: messageOf(error),
      });
    }
  }
}
