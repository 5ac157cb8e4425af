import { hash } from 'node:crypto';
import { isServiceError, ServiceError, type BodyProblem } from '../../../../errors.ts';
import { bodyReader } from '../../../../schemas/read-body.ts';
import { checkMayStart, type Caller } from '../../../access/caller.ts';
import { canonical, planJob, type PlannedJob, type Planning } from '../jobs/start-job.ts';
import { BatchFrame } from './batch-schema.ts';

interface WantedBatch {
  caller: Caller;
  body: object;
  /** Of the header `Idempotency-Key`. */
  key: string | undefined;
}

const readFrame = bodyReader(BatchFrame);
/** Of all entries: an entry has as many wrong members as its sender likes. */
const mostProblems = 500;

/** All jobs of a batch. Throws one `invalid-batch` with the wrong members of all entries. */
export async function planBatch(
  deps: Planning,
  { caller, body, key }: WantedBatch,
  signal: AbortSignal,
): Promise<PlannedJob[]> {
  checkMayStart(caller);
  const { jobs } = readFrame(body);
  const batch = hash('sha256', canonical(jobs));
  const planned: PlannedJob[] = [];
  const problems: BodyProblem[] = [];
  for (const [index, job] of jobs.entries()) {
    const entry = { caller, body: job, key: keyOfEntry(key, index), batch };
    try {
      planned.push(await planJob(deps, entry, signal));
    } catch (error) {
      problems.push(...problemsOf(error, index));
    }
  }
  if (problems.length > 0) throw invalidBatch(problems, jobs.length - planned.length);
  return planned;
}

/** Hashed, so that no request for a single job has the key of an entry by chance. */
function keyOfEntry(key: string | undefined, index: number): string | undefined {
  return key === undefined ? undefined : hash('sha256', JSON.stringify(['batch', key, index]));
}

function problemsOf(error: unknown, index: number): BodyProblem[] {
  const wrong = [
    'invalid-request',
    'invalid-parameters',
    'invalid-input',
    'unknown-template',
    'forbidden',
  ] as const;
  if (!isServiceError(error, ...wrong)) throw error;
  const { problems, field, message: detail } = error;
  const own = problems.length > 0 ? problems : [{ path: field === undefined ? [] : [field], detail }];
  return own.map((one) => ({ path: ['jobs', index, ...one.path], detail: one.detail }));
}

function invalidBatch(problems: readonly BodyProblem[], entries: number): ServiceError {
  const message = `jobs: ${entries} of them cannot be started, so that none was; expected only entries that can`;
  return new ServiceError('invalid-batch', message, {
    field: 'jobs',
    problems: problems.slice(0, mostProblems),
  });
}
