import { ServiceError } from '../../../../errors.ts';
import { workerContainer } from '../../../../flow/attempt.ts';
import type { FlowService, FlowView } from '../../../../requests/flow-service.ts';
import type { FoundLog, WantedLog } from '../../../../requests/logs/find-log.ts';
import type { HttpContext, Route } from '../../../route.ts';
import { sendStream } from '../../../send-stream.ts';
import type { StreamSlots } from '../../../stream-slots.ts';
import { Wake } from '../../../wake.ts';
import { apiRoute } from '../api-route.ts';
import { findView, jobOf } from '../jobs/job-routes.ts';
import { logOperation } from './log-operations.ts';
import { readLogQuery } from './log-query.ts';

export interface JobLogDeps {
  flows: Pick<FlowService, 'view' | 'subscribe' | 'log'>;
  streams: StreamSlots;
  /** Aborts when the service drains: a log that is followed breaks off then. */
  stopping: AbortSignal;
}

export function jobLogRoutes(deps: JobLogDeps): Route[] {
  return [
    apiRoute({
      method: 'GET',
      path: '/jobs/:job/logs',
      scope: 'read',
      operation: logOperation,
      deadline: 'exempt',
      handle: (ctx) => answerLog(ctx, deps),
    }),
  ];
}

async function answerLog(ctx: HttpContext, deps: JobLogDeps): Promise<void> {
  const wanted = { ...readLogQuery(new URLSearchParams(ctx.querystring)), flow: jobOf(ctx) };
  await findView(ctx, deps);
  const release = deps.streams.take(ctx);
  const wake = new Wake();
  // Before the first look, so that no change between the two is missed.
  const unsubscribe = deps.flows.subscribe(wanted.flow, wake.call);
  const over = new AbortController();
  try {
    const ending = AbortSignal.any([ctx.state.signal, deps.stopping, over.signal]);
    const { log, view } = await waitForLog(ctx, { deps, wanted, wake }, ending);
    await sendLog(ctx, log.kind === 'log' ? log : keptLines(ctx, { log, view, wanted }));
  } finally {
    // The answer to HEAD reads nothing of the log.
    over.abort();
    unsubscribe();
    release();
  }
}

interface Waiting {
  deps: JobLogDeps;
  wanted: WantedLog;
  wake: Wake;
}

/** A replica that does not follow the cluster for a while sees no changes. */
const lookMillis = 15_000;

/** With `follow` until there is a log, or the job has ended. */
async function waitForLog(
  ctx: HttpContext,
  { deps, wanted, wake }: Waiting,
  ending: AbortSignal,
): Promise<{ log: FoundLog; view: FlowView }> {
  for (;;) {
    const view = await findView(ctx, deps);
    const log: FoundLog = mayHaveLog(view) ? await deps.flows.log(wanted, ending) : { kind: 'waiting' };
    if (log.kind === 'log' || isFinal(view, wanted, log)) return { log, view };
    await wake.wait(lookMillis, ending);
    if (ending.aborted) throw new ServiceError('unavailable', 'the service stops; try again');
  }
}

function mayHaveLog({ startedAt, outcome }: FlowView): boolean {
  return startedAt !== undefined || outcome !== undefined;
}

/** Waiting would change nothing, or is not wanted. */
function isFinal({ outcome }: FlowView, { follow, attempt }: WantedLog, log: FoundLog): boolean {
  return outcome !== undefined || !follow || (attempt !== undefined && log.kind === 'none');
}

interface MissingLog {
  log: Exclude<FoundLog, { kind: 'log' }>;
  view: FlowView;
  wanted: WantedLog;
}

const retryAfterSeconds = 5;

/** What the job itself keeps of its worker's log. Throws if that is nothing. */
function keptLines(ctx: HttpContext, missing: MissingLog): SentLog {
  const { view, wanted } = missing;
  checkAttempt(missing);
  if (view.outcome === undefined) {
    ctx.set('Retry-After', String(retryAfterSeconds));
    throw new ServiceError(
      'conflict',
      `the ${wanted.container} has not started yet: expected one that has, or follow=true`,
    );
  }
  const text = wanted.container === workerContainer ? lastLines(view) : undefined;
  if (text === undefined)
    throw new ServiceError(
      'gone',
      `there is no log of the ${wanted.container}: it has not started, or none was kept`,
    );
  const lines = wanted.tailLines === 0 ? [] : text.split('\n').slice(-(wanted.tailLines ?? Infinity));
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  return { source: 'record', attempt: view.attempt?.attempt, bytes: [bytes] };
}

function lastLines({ attempt, outcome }: FlowView): string | undefined {
  return attempt?.log ?? (outcome?.phase === 'failed' ? outcome.detail : undefined);
}

function checkAttempt({ log, view, wanted }: MissingLog): void {
  const last = view.attempt?.attempt;
  if (wanted.attempt === undefined || wanted.attempt === last || log.kind !== 'none') return;
  throw unknownAttempt(last === undefined ? log.attempts : [...log.attempts, last]);
}

function unknownAttempt(attempts: string[]): ServiceError {
  const known = [...new Set(attempts)];
  const expected = known.length === 0 ? 'none, since no log is kept' : `one of ${known.join(', ')}`;
  return new ServiceError('not-found', `attempt: expected ${expected}`, { field: 'attempt' });
}

interface SentLog {
  source: 'pod' | 'archive' | 'record';
  attempt: string | undefined;
  bytes: AsyncIterable<Buffer> | Buffer[];
}

async function sendLog(ctx: HttpContext, { source, attempt, bytes }: SentLog): Promise<void> {
  const headers = {
    'X-Log-Source': source,
    ...(attempt === undefined ? {} : { 'X-Log-Attempt': attempt }),
  };
  await sendStream(ctx, { contentType: 'text/plain; charset=utf-8', headers, chunks: bytes });
}
