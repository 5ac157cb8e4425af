import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { DryRunAnswer } from '../http/routes/api/jobs/dry-run-schema.ts';
import type { Job, StartBody } from '../http/routes/api/jobs/job-schema.ts';
import type { Results } from '../http/routes/api/jobs/result-schema.ts';
import type { ApiClient, ApiRequest } from './api-client.ts';
import { required } from './required.ts';

/** An attempt that is under way is not aborted, so that an interruption finds out which job it has started. */
export async function startJob(client: ApiClient, body: StartBody, signal: AbortSignal): Promise<Job> {
  const headers = { 'idempotency-key': randomUUID() };
  const request = { method: 'POST', path: '/jobs', headers, body } as const;
  return required((await client.json<Job>(request, signal, { finishes: true })).value);
}

/** Checks everything with the service and its cluster, and starts nothing. */
export async function dryRunJob(
  client: ApiClient,
  body: StartBody,
  signal: AbortSignal,
): Promise<DryRunAnswer> {
  const request = { method: 'POST', path: '/jobs?dryRun=All', body } as const;
  return required((await client.json<DryRunAnswer>(request, signal)).value);
}

export async function getJob(client: ApiClient, id: string, signal: AbortSignal): Promise<Job> {
  return required((await client.json<Job>({ path: jobPath(id) }, signal)).value);
}

export async function cancelJob(client: ApiClient, id: string, signal: AbortSignal): Promise<Job> {
  const path = `${jobPath(id)}/cancel`;
  return required((await client.json<Job>({ method: 'POST', path }, signal)).value);
}

/** Sends what the job does not keep. An attempt that is under way is not aborted, as in `startJob`. */
export async function retryJob(
  client: ApiClient,
  { id, parameters }: { id: string; parameters: Record<string, string> },
  signal: AbortSignal,
): Promise<Job> {
  const headers = { 'idempotency-key': randomUUID() };
  const request = { method: 'POST', path: `${jobPath(id)}/retry`, headers, body: { parameters } } as const;
  return required((await client.json<Job>(request, signal, { finishes: true })).value);
}

export async function getResults(client: ApiClient, id: string, signal: AbortSignal): Promise<Results> {
  return required((await client.json<Results>({ path: `${jobPath(id)}/results` }, signal)).value);
}

const pageLimit = 200;

/** The latest first. A page with a filter may be short, or empty, although there are more. */
export async function listJobs(
  client: ApiClient,
  { filters, limit }: { filters: Record<string, string>; limit: number },
  signal: AbortSignal,
): Promise<Job[]> {
  const jobs: Job[] = [];
  let cursor: string | undefined;
  do {
    const page = { limit: String(Math.min(pageLimit, limit)), ...(cursor === undefined ? {} : { cursor }) };
    const query = new URLSearchParams({ ...filters, ...page });
    const { value } = await client.json<{ items: Job[]; next?: string }>(
      { path: `/jobs?${query.toString()}` },
      signal,
    );
    const { items, next } = required(value);
    jobs.push(...items);
    cursor = next;
  } while (cursor !== undefined && jobs.length < limit);
  return jobs.slice(0, limit);
}

/** Seconds for which the service may hold back its answer. */
const waitSeconds = 20;
/** Between requests to a service, or a proxy, that does not let them wait. */
const pauseMillis = 2000;

export interface FollowedJob {
  id: string;
  /** Called with each state that is seen. */
  onChange: (job: Job) => void;
  /** Default: when the job has ended. */
  isLast?: (job: Job) => boolean;
}

/** Returns the job in the state that is the last one. */
export async function followJob(
  client: ApiClient,
  { id, onChange, isLast = isEnded }: FollowedJob,
  signal: AbortSignal,
): Promise<Job> {
  let known: string | undefined;
  for (;;) {
    const asked = performance.now();
    const { value: job, etag } = await client.json<Job>(changeSince(id, known), signal);
    if (job !== undefined) {
      onChange(job);
      if (isLast(job)) return job;
    }
    const isNews = job !== undefined && etag !== known;
    if (!isNews && performance.now() - asked < pauseMillis) await delay(pauseMillis, undefined, { signal });
    known = etag;
  }
}

/** Without a known state it is answered at once, else when there is another one. */
function changeSince(id: string, known: string | undefined): ApiRequest {
  const path = jobPath(id);
  if (known === undefined) return { path };
  const headers = { prefer: `wait=${waitSeconds}`, 'if-none-match': known };
  return { path, headers, extraMillis: waitSeconds * 1000 };
}

export function isEnded({ state }: Job): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}

function jobPath(id: string): string {
  return `/jobs/${encodeURIComponent(id)}`;
}
