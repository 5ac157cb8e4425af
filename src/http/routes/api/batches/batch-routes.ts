import { callerOf } from '../../../access/caller.ts';
import type { HttpContext, RequestBody, Route } from '../../../route.ts';
import { apiRoute, type ApiOperation } from '../api-route.ts';
import { readKey } from '../jobs/idempotency-key.ts';
import type { StartDependencies } from '../jobs/start-job.ts';
import { BatchAnswerSchema, BatchSchema } from './batch-schema.ts';
import { planBatch } from './plan-batch.ts';
import { startBatch } from './start-batch.ts';

export interface BatchDeps extends StartDependencies {
  publicUrl: string;
  /** Aborts when the service drains. */
  stopping: AbortSignal;
}

const operation: ApiOperation = {
  operationId: 'startBatch',
  tag: 'jobs',
  summary: 'Start up to 100 jobs',
  description:
    'All entries are checked before the first job is started. `Idempotency-Key` is that of the whole: a repeat with the same body finds the jobs that were started, and starts the others.',
  responses: {
    '200': {
      description: 'One answer for each entry; an entry that could not be started does not undo the others.',
      schema: BatchAnswerSchema,
    },
    '422': {
      description:
        'Nothing was started: entries are wrong, `errors` has a pointer for each wrong member; or the `Idempotency-Key` was used with another body.',
    },
  },
};

/** An entry has 20 KiB on average before the limit matters. */
const body: RequestBody = { kind: 'json', name: 'StartBatch', schema: BatchSchema, times: 8 };
/** Each Job costs some requests to the cluster, so that the deadline of a single answer is too short for a hundred. */
const longestMillis = 60_000;

export function batchRoutes(deps: BatchDeps): Route[] {
  async function handle(ctx: HttpContext): Promise<void> {
    const { signal, log, readJson } = ctx.state;
    const wanted = { caller: callerOf(ctx), body: await readJson(), key: readKey(ctx) };
    const bounded = AbortSignal.any([signal, deps.stopping, AbortSignal.timeout(longestMillis)]);
    const planned = await planBatch(deps, wanted, bounded);
    ctx.body = await startBatch({ ...deps, log }, planned, bounded);
  }
  return [
    apiRoute({ method: 'POST', path: '/batches', scope: 'run', deadline: 'exempt', body, operation, handle }),
  ];
}
