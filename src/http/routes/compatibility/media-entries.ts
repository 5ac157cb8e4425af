import { listOf } from './change-list.ts';
import type { CompatibilityEntry } from './compatibility-entry.ts';

const job = { job: 'The flow’s id, which is the job’s.' };

/** Paths of a media store: a source is a template, a flow a job, a segment a file of its results, and an object all of them. */
export const mediaEntries: CompatibilityEntry[] = [
  {
    method: 'GET',
    path: '/sources',
    operationId: 'listSources',
    summary: 'List templates',
    onto: 'GET /api/v1/templates',
    answer: listOf(),
  },
  {
    method: 'GET',
    path: '/sources/:template',
    operationId: 'getSource',
    summary: 'Look at a template',
    onto: 'GET /api/v1/templates/:template',
  },
  {
    method: 'GET',
    path: '/flows',
    operationId: 'listFlows',
    summary: 'List jobs, the latest first',
    onto: 'GET /api/v1/jobs',
    answer: listOf(),
  },
  {
    method: 'GET',
    path: '/flows/:job',
    operationId: 'getFlow',
    summary: 'Look at a job',
    onto: 'GET /api/v1/jobs/:job',
    parameters: job,
  },
  {
    method: 'DELETE',
    path: '/flows/:job',
    operationId: 'deleteFlow',
    summary: 'Delete the results of a job; one that runs is cancelled',
    onto: 'DELETE /api/v1/jobs/:job',
    parameters: job,
  },
  {
    method: 'GET',
    path: '/flows/:job/segments',
    operationId: 'listFlowSegments',
    summary: 'List the files of a job',
    onto: 'GET /api/v1/jobs/:job/results',
    parameters: job,
    answer: listOf(undefined, 'files'),
  },
  {
    method: 'GET',
    path: '/flow-delete-requests',
    operationId: 'listFlowDeleteRequests',
    summary: 'List the deletions that were requested, in the order of the jobs',
    onto: 'GET /api/v1/deletion-requests',
    answer: listOf(),
  },
  {
    method: 'GET',
    path: '/flow-delete-requests/:job',
    operationId: 'getFlowDeleteRequest',
    summary: 'Look at the deletion of a job',
    onto: 'GET /api/v1/deletion-requests/:job',
    parameters: job,
  },
  {
    method: 'GET',
    path: '/objects',
    operationId: 'listObjects',
    summary: 'List jobs that have results, the latest first',
    onto: 'GET /api/v1/jobs',
    rewrite({ querystring }) {
      const query = new URLSearchParams(querystring);
      query.set('state', 'succeeded');
      return { query };
    },
    answer: listOf(),
  },
  {
    method: 'GET',
    path: '/objects/:job',
    operationId: 'getObject',
    summary: 'List the files of a job, and archives of them',
    onto: 'GET /api/v1/jobs/:job/results',
    parameters: job,
  },
  {
    method: 'GET',
    path: '/objects/:job/*path',
    operationId: 'getObjectFile',
    summary: 'One file of the results of a job',
    onto: 'GET /api/v1/jobs/:job/results/files/*path',
    parameters: job,
  },
];
