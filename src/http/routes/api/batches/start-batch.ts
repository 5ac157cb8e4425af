import { isServiceError, ServiceError } from '../../../../errors.ts';
import { problemOf } from '../../../problem.ts';
import { apiPrefix } from '../api-route.ts';
import { startJob, type PlannedJob, type StartDependencies } from '../jobs/start-job.ts';
import type { BatchAnswer } from './batch-schema.ts';

type Entry = BatchAnswer['items'][number];

interface BatchStart {
  flows: StartDependencies['flows'];
  publicUrl: string;
  log: { warn(fields: object, message: string): void };
}

/** Requests to the cluster for one batch. */
const atOnce = 8;

/**
 * Starts the jobs of a batch; one that cannot be started is the problem of its entry alone. Throws `key-reused` before anything is started
 * if the key of the batch belongs to another one.
 */
export async function startBatch(
  deps: BatchStart,
  planned: readonly PlannedJob[],
  signal: AbortSignal,
): Promise<BatchAnswer> {
  const [first, ...others] = planned;
  if (first === undefined) return { items: [] };
  // Alone: its digest is that of the whole batch, so that it shows whether the key is new.
  const items = [await startEntry({ ...deps, throws: 'key-reused' }, first, signal)];
  for (let at = 0; at < others.length; at += atOnce) {
    const some = others.slice(at, at + atOnce);
    items.push(...(await Promise.all(some.map((one) => startEntry(deps, one, signal)))));
  }
  return { items };
}

async function startEntry(
  { flows, publicUrl, log, throws }: BatchStart & { throws?: 'key-reused' },
  planned: PlannedJob,
  signal: AbortSignal,
): Promise<Entry> {
  try {
    signal.throwIfAborted();
    const { id } = await startJob({ flows }, planned, signal);
    return { status: 202, id, links: { self: `${publicUrl}${apiPrefix}/jobs/${id}` } };
  } catch (error) {
    if (throws !== undefined && isServiceError(error, throws)) throw error;
    log.warn({ err: error, template: planned.request.template }, 'entry of a batch not started');
    const problem = problemOf(signal.aborted ? outOfTime(error) : error);
    return { status: problem.status, problem };
  }
}

function outOfTime(cause: unknown): ServiceError {
  const message =
    'the batch took too long: send it again with the same Idempotency-Key, which starts the others';
  return new ServiceError('unavailable', message, { cause });
}
