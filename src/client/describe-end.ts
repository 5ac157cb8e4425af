import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CancelReason, FailureReason } from '../flow/outcome.ts';
import type { Job } from '../http/routes/api/jobs/job-schema.ts';
import { printable, printableLine } from './printable.ts';
import { formatBytes } from './table.ts';

const before = 'before-the-worker-starts';
const worker = 'while-the-worker-runs';
const upload = 'while-results-are-uploaded';
const transfer = 'while-data-is-received';
const cancelled = 'cancelled';
const delivery = 'how-the-outcome-is-delivered';

/** The section of docs/outcomes.md that says what each reason means and what to do. */
export const sections: Readonly<Record<FailureReason | CancelReason, string>> = {
  'request-refused': before,
  'preparation-refused': before,
  'image-name-invalid': before,
  'image-not-pulled': before,
  unschedulable: before,
  'quota-exceeded': before,
  'admission-refused': before,
  'configuration-missing': before,
  'volume-not-mounted': before,
  'input-failed': before,
  'pending-deadline-exceeded': before,
  'worker-failed': worker,
  'worker-out-of-memory': worker,
  'storage-exceeded': worker,
  'run-deadline-exceeded': worker,
  'attempt-disrupted': worker,
  'node-lost': worker,
  'attempt-lost': worker,
  'job-deadline-exceeded': worker,
  'upload-failed': upload,
  'upload-deadline-exceeded': upload,
  'results-missing': upload,
  'results-changed': upload,
  'results-incomplete': upload,
  'bucket-missing': upload,
  'results-unverified': upload,
  'fetch-failed': transfer,
  'push-failed': delivery,
  'delivery-refused': delivery,
  deprovisioned: cancelled,
  'cancelled-by-user': cancelled,
  'job-deleted': cancelled,
  'transfer-ended': cancelled,
};

/** Of a job that has ended: how, why, what its worker said last, and where to read on. */
export function describeEnd(job: Job): string {
  const { id, state, outcome, results } = job;
  if (outcome === undefined) {
    const size = results === undefined ? '' : `: ${countFiles(results.files)}, ${formatBytes(results.bytes)}`;
    return `${id} ${state}${size}\n`;
  }
  const { reason, message, log } = outcome;
  const lines = [`${id} ${state}: ${printableLine(reason)}`, printable(message)];
  if (log !== undefined) lines.push('', 'The last lines of the worker:', ...indent(printable(log.trimEnd())));
  lines.push('', `What that means and what to do: ${pageOf(reason)}`);
  return `${lines.join('\n')}\n`;
}

/** The image has no documents. */
function pageOf(reason: string): string {
  const page = fileURLToPath(new URL('../../docs/outcomes.md', import.meta.url));
  const section = Object.hasOwn(sections, reason) ? `#${sections[reason as FailureReason]}` : '';
  return `${existsSync(page) ? page : 'docs/outcomes.md'}${section}`;
}

export function countFiles(count: number): string {
  return `${count} ${count === 1 ? 'file' : 'files'}`;
}

function indent(text: string): string[] {
  return text.split('\n').map((line) => `  ${line}`);
}
