import { workerContainer, type AttemptEnd } from './attempt.ts';
import type { FailureReason } from './outcome.ts';
import { inputFailure, parseReport, type SidecarReport } from './sidecar-report.ts';

export type AttemptVerdict =
  /** Three of the four proofs hold; the fourth is in the store. */
  | { verdict: 'verify'; report: Extract<SidecarReport, { manifest: unknown }>['manifest'] }
  /** The worker did not cause it: another attempt may follow. */
  | { verdict: 'disrupted'; reason: FailureReason; message: string }
  | { verdict: 'failed'; reason: FailureReason; message: string };

/**
 * Judges an attempt by its end (observations 2–5, 12, 13, 20 of a real kubelet). The worker succeeded only if it ended with reason
 * `Completed` and code 0 before its pod was marked for deletion; the upload succeeded only if the sidecar reports it.
 */
export function judgeAttempt(end: AttemptEnd): AttemptVerdict {
  const unfetched = judgeInputs(end);
  if (unfetched !== undefined) return unfetched;
  if (end.disrupted !== undefined) return judgeDisruption(end.pod, end.disrupted);
  const failure = workerFailure(end);
  if (failure !== undefined) {
    // The kubelet kills the worker first and reports the eviction a moment later.
    if (end.interrupted?.startsWith('Evicted') === true) return judgeDisruption(end.pod, end.interrupted);
    return { verdict: 'failed', ...failure };
  }
  const report = parseReport(end.sidecar?.message);
  if (report !== undefined && 'manifest' in report) return { verdict: 'verify', report: report.manifest };
  const failed = { reason: 'upload-failed', message: uploadFailure(end, report) } as const;
  if (end.interrupted === undefined) return { verdict: 'failed', ...failed };
  const why = `the pod was disrupted (${end.interrupted}) while it uploaded. ${failed.message}`;
  return { verdict: 'disrupted', ...failed, message: `The upload did not end: ${why}` };
}

/** No worker starts without its inputs, whatever ends the pod afterwards. */
function judgeInputs({ worker, sidecar }: AttemptEnd): AttemptVerdict | undefined {
  const failure = worker === undefined ? inputFailure(sidecar?.message) : undefined;
  if (failure === undefined) return undefined;
  const message = `The input ${failure.input} could not be fetched: ${failure.message}`;
  return { verdict: 'failed', reason: 'input-failed', message };
}

/** How much of the worker's termination message is sent to the connector. */
const wordsLimit = 500;

/** Whether its log and message are read: the worker failed, wrote no file, or left a message, which may hold a secret. */
export function needsWorkerOutput(end: AttemptEnd): boolean {
  if (end.disrupted !== undefined || end.worker === undefined) return false;
  if (workerFailure(end) !== undefined || (end.worker.message ?? '') !== '') return true;
  const report = parseReport(end.sidecar?.message);
  return report !== undefined && 'manifest' in report && report.manifest.files === 0;
}

/**
 * An eviction without DisruptionTarget is the kubelet's answer to a pod that outgrew its own volumes or disk limit (observation 13):
 * another attempt would do the same.
 */
function judgeDisruption(pod: string, disrupted: string): AttemptVerdict {
  if (disrupted.startsWith('Evicted')) {
    const message = `The pod ${pod} was evicted for what it wrote. ${disrupted}`;
    return { verdict: 'failed', reason: 'storage-exceeded', message };
  }
  return {
    verdict: 'disrupted',
    reason: 'attempt-disrupted',
    message: `The pod ${pod} was disrupted (${disrupted}) before its worker was known to have ended.`,
  };
}

function workerFailure({ worker, pod }: AttemptEnd): { reason: FailureReason; message: string } | undefined {
  if (worker === undefined)
    return { reason: 'attempt-lost', message: `The pod ${pod} ended and its worker's end is not known.` };
  if (worker.reason === 'OOMKilled') {
    return {
      reason: 'worker-out-of-memory',
      message: `The worker was killed for using more memory than its limit (exit code ${worker.exitCode}). ${hint(pod)}`,
    };
  }
  if (worker.exitCode === 0 && worker.reason === 'Completed') return undefined;
  const end = `exit code ${worker.exitCode} (${worker.reason || 'no reason given'})`;
  return {
    reason: 'worker-failed',
    message: `The worker ended with ${end}${lastWords(worker.message)}. ${hint(pod)}`,
  };
}

/** The worker writes its termination message for others to read; here on one line. */
function lastWords(message: string | undefined): string {
  const words = (message ?? '').replaceAll(/\s+/g, ' ').trim().slice(0, wordsLimit);
  return words === '' ? '' : `: ${words}`;
}

function hint(pod: string): string {
  return `Its log: kubectl logs ${pod} -c ${workerContainer}`;
}

function uploadFailure({ sidecar }: AttemptEnd, report: SidecarReport | undefined): string {
  if (report !== undefined && 'error' in report) {
    const path = report.error.path === undefined ? '' : ` (${report.error.path})`;
    return `The upload failed${path}: ${report.error.message}`;
  }
  if (sidecar === undefined) return 'The upload failed: the sidecar never ran to an end.';
  return `The upload failed: the sidecar ended with exit code ${sidecar.exitCode} (${sidecar.reason || 'no reason given'}) and without a report.`;
}
