import type { FlowService } from '../../../../requests/flow-service.ts';
import { callerOf } from '../../../access/caller.ts';
import { hasBody } from '../../../read-json.ts';
import type { HttpContext, RequestBody, Route } from '../../../route.ts';
import { apiRoute, type ApiOperation } from '../api-route.ts';
import { readKey } from '../jobs/idempotency-key.ts';
import { answerAccepted, findView } from '../jobs/job-routes.ts';
import { JobSchema } from '../jobs/job-schema.ts';
import { startJob, type StartDependencies } from '../jobs/start-job.ts';
import { planRetry } from './plan-retry.ts';
import { RetrySchema } from './retry-schema.ts';

export interface RetryDeps extends StartDependencies {
  flows: Pick<FlowService, 'accept' | 'view'>;
  publicUrl: string;
}

const operation: ApiOperation = {
  operationId: 'retryJob',
  tag: 'jobs',
  summary: 'Start a job again',
  description:
    'A new job with the template, parameters and labels of one that has ended, also of a connector’s, which then is a job of this API: its results go to nobody else. The template is the present one, and so are the parameters of the asset. `Idempotency-Key` as for a start.',
  parameters: { job: 'The id of the job that has ended.' },
  responses: {
    '202': { description: 'The new job. `Location` is its address.', schema: JobSchema },
    '409': { description: 'The job has not ended, or is of a kind that cannot be started again.' },
    '422': {
      description: 'Parameters are missing that the job did not keep: `field` and `detail` name them.',
    },
  },
};

const body: RequestBody = { kind: 'json', name: 'RetryJob', schema: RetrySchema, optional: true };

export function retryRoutes(deps: RetryDeps): Route[] {
  async function handle(ctx: HttpContext): Promise<void> {
    const old = await findView(ctx, deps);
    const wanted = { caller: callerOf(ctx), old, body: await readOptional(ctx), key: readKey(ctx) };
    const { signal } = ctx.state;
    const { id } = await startJob(deps, await planRetry(deps, wanted, signal), signal);
    await answerAccepted(ctx, deps, id);
  }
  return [apiRoute({ method: 'POST', path: '/jobs/:job/retry', scope: 'run', body, operation, handle })];
}

async function readOptional({ req, state }: HttpContext): Promise<object> {
  return hasBody(req) ? await state.readJson() : {};
}
