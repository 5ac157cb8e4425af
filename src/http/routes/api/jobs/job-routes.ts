import { ServiceError } from '../../../../errors.ts';
import { isFlowName } from '../../../../flow/names.ts';
import type { FlowService, FlowView } from '../../../../requests/flow-service.ts';
import type { ProgressReader } from '../../../progress-reader.ts';
import { callerOf, maySee } from '../../../access/caller.ts';
import type { HttpContext, Route } from '../../../route.ts';
import { apiPrefix, apiRoute } from '../api-route.ts';
import { sendPage } from '../list-page.ts';
import { describeJob, digestJob } from './describe-job.ts';
import { dryRunJob, readDryRun } from './dry-run-job.ts';
import { readJobQuery } from './job-query.ts';
import type { Job } from './job-schema.ts';
import { jobOperations as operations, startBody } from './job-operations.ts';
import { readKey } from './idempotency-key.ts';
import { isStartForm, withStartForm, type FormStart, type StartFormDeps } from './read-start-form.ts';
import { planJob, startJob, type StartDependencies } from './start-job.ts';
import { readWait, waitForChange } from './wait-for-change.ts';

export interface JobRouteDeps extends StartDependencies, StartFormDeps {
  flows: Pick<
    FlowService,
    'accept' | 'dryRun' | 'view' | 'viewLatest' | 'list' | 'end' | 'delete' | 'subscribe'
  >;
  publicUrl: string;
  progressOf: ProgressReader;
  /** Aborts when the service drains: nobody waits any longer. */
  stopping: AbortSignal;
}

/** Between two looks at the progress for a client that waits. */
const progressMillis = 3000;

/** Seconds after which a client may look at a new job again. */
const retryAfterSeconds = 2;

export function jobRoutes(deps: JobRouteDeps): Route[] {
  const { start, list, get, cancel, delete: remove } = operations;
  const job = '/jobs/:job';
  function handle(act: (ctx: HttpContext, deps: JobRouteDeps) => Promise<void>) {
    return { handle: (ctx: HttpContext) => act(ctx, deps) };
  }
  return [
    apiRoute({
      method: 'POST',
      path: '/jobs',
      operation: start,
      scope: 'run',
      body: startBody,
      ...handle(answerStart),
    }),
    apiRoute({ method: 'GET', path: '/jobs', operation: list, scope: 'read', ...handle(answerList) }),
    apiRoute({
      method: 'GET',
      path: job,
      operation: get,
      scope: 'read',
      deadline: 'exempt',
      ...handle(answerGet),
    }),
    apiRoute({
      method: 'POST',
      path: `${job}/cancel`,
      operation: cancel,
      scope: 'run',
      ...handle(answerCancel),
    }),
    apiRoute({ method: 'DELETE', path: job, operation: remove, scope: 'run', ...handle(answerDelete) }),
  ];
}

async function answerStart(ctx: HttpContext, deps: JobRouteDeps): Promise<void> {
  if (isStartForm(ctx)) await withStartForm(ctx, deps, (form) => answerBody(ctx, deps, form));
  else await answerBody(ctx, deps, { body: await ctx.state.readJson() });
}

async function answerBody(
  ctx: HttpContext,
  deps: JobRouteDeps,
  { keep, ...start }: Pick<FormStart, 'body'> & Partial<FormStart>,
): Promise<void> {
  const { signal } = ctx.state;
  const isDryRun = readDryRun(new URLSearchParams(ctx.querystring));
  const wanted = { caller: callerOf(ctx), ...start, key: readKey(ctx) };
  // The key has no effect on a dry run: a repeat creates nothing either.
  const planned = await planJob(deps, isDryRun ? { ...wanted, key: undefined } : wanted, signal);
  if (isDryRun) {
    ctx.body = await dryRunJob(deps, planned, signal);
    return;
  }
  const { id, created } = await startJob(deps, planned, signal);
  // A job that was there has the files of its own start.
  if (created) keep?.();
  await answerAccepted(ctx, deps, id);
}

/** The answer to a request that has started a job, or has found the one that it started before. */
export async function answerAccepted(
  ctx: HttpContext,
  deps: Pick<JobRouteDeps, 'publicUrl'> & { flows: Pick<FlowService, 'view'> },
  id: string,
): Promise<void> {
  const job = describeJob(await findView(ctx, deps, id), deps.publicUrl);
  ctx.status = 202;
  ctx.set({ Location: job.links.self, 'Retry-After': String(retryAfterSeconds) });
  ctx.body = job;
}

async function answerList(ctx: HttpContext, { flows, publicUrl }: JobRouteDeps): Promise<void> {
  const { matches, ...query } = readJobQuery(new URLSearchParams(ctx.querystring));
  const caller = callerOf(ctx);
  function isListed(view: FlowView): boolean {
    return maySee(caller, view.request) && matches(view);
  }
  const page = await flows.list({ ...query, matches: isListed }, ctx.state.signal);
  const items = page.flows.map((view) => describeJob(view, publicUrl));
  sendPage(ctx, { items, next: page.next }, publicUrl);
}

/** With `Prefer: wait` it answers when the job has changed since `If-None-Match`, or when the time is over. */
async function answerGet(ctx: HttpContext, deps: JobRouteDeps): Promise<void> {
  const { signal } = ctx.state;
  const seconds = readWait(ctx.get('Prefer'));
  const known = ctx.get('If-None-Match');
  async function read(): Promise<{ job: Job; etag: string }> {
    const view = await findView(ctx, deps);
    const described = describeJob(view, deps.publicUrl);
    const { flow, liveAttempt } = view;
    const progress = liveAttempt === undefined ? undefined : await deps.progressOf(flow, liveAttempt);
    const job = progress === undefined ? described : { ...described, progress };
    return { job, etag: `"${digestJob(job)}"` };
  }
  if (seconds !== undefined) ctx.set('Preference-Applied', `wait=${seconds}`);
  const { job, etag } = await waitForChange(
    {
      read,
      subscribe: (listener) => deps.flows.subscribe(jobOf(ctx), listener),
      isNews: (now) => now.etag !== known && (known !== '' || now.job.endedAt !== undefined),
      seconds,
      // Progress causes no event: it is looked at while the job runs.
      quietMillis: ({ job }) => (job.progress === undefined ? undefined : progressMillis),
    },
    AbortSignal.any([signal, deps.stopping]),
  );
  ctx.set('ETag', etag);
  if (known.split(/\s*,\s*/).includes(etag)) ctx.status = 304;
  else ctx.body = job;
}

async function answerCancel(ctx: HttpContext, deps: JobRouteDeps): Promise<void> {
  const { signal } = ctx.state;
  const { flow } = await findView(ctx, deps);
  const answer = await deps.flows.end(flow, 'cancelled-by-user', signal);
  if (answer === 'unknown') throw unknownJob();
  const job = describeJob(await findView(ctx, deps), deps.publicUrl);
  if (answer === 'ended' && job.state !== 'cancelled')
    throw new ServiceError('conflict', `the job has ended as ${job.state}: expected one that has not`);
  ctx.status = 202;
  ctx.body = job;
}

async function answerDelete(ctx: HttpContext, deps: JobRouteDeps): Promise<void> {
  const { signal } = ctx.state;
  const { flow } = await findView(ctx, deps);
  const { name: caller } = callerOf(ctx);
  if ((await deps.flows.delete({ flow, caller }, signal)) === 'unknown') throw unknownJob();
  const view = await findLatest(ctx, deps);
  ctx.status = 202;
  ctx.set('Location', `${deps.publicUrl}${apiPrefix}/deletion-requests/${flow}`);
  ctx.body = describeJob(view, deps.publicUrl);
}

export function jobOf({ params }: HttpContext): string {
  const { job = '' } = params;
  if (!isFlowName(job)) throw unknownJob();
  return job;
}

/** By default the job in the path. Throws `not-found` without such a job, and for a job that the caller may not see. */
export async function findView(
  ctx: HttpContext,
  { flows }: { flows: Pick<FlowService, 'view'> },
  id = jobOf(ctx),
): Promise<FlowView> {
  const view = await flows.view(id, ctx.state.signal);
  if (view === undefined || !maySee(callerOf(ctx), view.request)) throw unknownJob();
  return view;
}

/** As `findView`, with what the request before this one has written. */
export async function findLatest(
  ctx: HttpContext,
  { flows }: { flows: Pick<FlowService, 'viewLatest'> },
): Promise<FlowView> {
  return await findView(ctx, { flows: { view: (id, signal) => flows.viewLatest(id, signal) } });
}

function unknownJob(): ServiceError {
  return new ServiceError('not-found', 'there is no such job');
}
