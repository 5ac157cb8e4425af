import type { RequestBody } from '../../../route.ts';
import type { ApiOperation } from '../api-route.ts';
import { DryRunSchema } from './dry-run-schema.ts';
import { longestKey } from './idempotency-key.ts';
import { jobQuery } from './job-query.ts';
import { JobListSchema, JobSchema, StartSchema, startFormSchema } from './job-schema.ts';

export const startBody: RequestBody = {
  ...{ kind: 'json', name: 'StartJob', schema: StartSchema },
  form: startFormSchema,
};

const tag = 'jobs';
const parameters = { job: 'The job’s id.' };
const job = { description: 'The job.', schema: JobSchema };

export const jobOperations = {
  start: {
    operationId: 'startJob',
    tag,
    summary: 'Start a job',
    query: {
      dryRun: {
        description:
          '`All`: checks everything, with the API server and its quotas too, answers 200 with the Job that would be created, and creates nothing. Pods are not checked: their quota, their image, their place on a node.',
        schema: { enum: ['All'] },
      },
    },
    headers: {
      'Idempotency-Key': {
        description: 'Chosen by the client: a repeat of the request has the same.',
        schema: { type: 'string', maxLength: longestKey },
      },
    },
    description:
      'A repeat with the same `Idempotency-Key` and body gets the job of the first request. A parameter that the template does not have, or that has a wrong value, is refused by name.',
    responses: {
      '200': { description: 'Of a dry run: what the job would be.', schema: DryRunSchema },
      '202': { ...job, description: 'It is accepted. `Location` is its address.' },
      '422': {
        description:
          'The `Idempotency-Key` was used with another body, an input cannot be used, or the cluster refuses the job.',
      },
    },
  },
  list: {
    operationId: 'listJobs',
    tag,
    summary: 'List jobs, the latest first',
    query: jobQuery,
    description:
      'Running jobs, and ended ones as long as their record is kept. With a filter, a page may be short although there are more: `next` says so.',
    responses: {
      '200': { description: 'One page. `Link` has the address of the next one.', schema: JobListSchema },
    },
  },
  get: {
    operationId: 'getJob',
    tag,
    summary: 'Look at a job',
    description:
      'With `Prefer: wait=30` the answer comes when the job has ended, or, with `If-None-Match`, when it has changed; after so many seconds at the latest.',
    parameters,
    headers: {
      Prefer: '`wait=30` waits for so many seconds, at most a minute.',
      'If-None-Match': 'The ETag of an earlier answer.',
    },
    responses: { '200': job, '304': { description: 'It has not changed since `If-None-Match`.' } },
  },
  cancel: {
    operationId: 'cancelJob',
    tag,
    summary: 'Cancel a job',
    parameters,
    responses: {
      '202': { ...job, description: 'It will be cancelled; a repeat changes nothing.' },
      '409': { description: 'It has ended already.' },
    },
  },
  delete: {
    operationId: 'deleteJob',
    tag,
    summary: 'Delete the results of a job',
    description:
      'A job that runs is cancelled. Its record remains. `Location` is the address of the deletion request, which says how far the deletion is.',
    parameters,
    responses: { '202': { ...job, description: 'They will be deleted; a repeat changes nothing.' } },
  },
} satisfies Record<string, ApiOperation>;
