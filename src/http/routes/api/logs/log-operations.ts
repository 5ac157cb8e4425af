import type { ApiOperation } from '../api-route.ts';
import { logQuery } from './log-query.ts';

const problem = 'application/problem+json';

export const logOperation: ApiOperation = {
  operationId: 'getJobLog',
  tag: 'jobs',
  summary: 'Read or follow the log of a job',
  description:
    'The bytes that the container has written, without the values of secrets that it was given. `X-Log-Attempt` is the UID of its pod. `X-Log-Source` is `pod`; or `archive`, when the pod is gone; or `record`, if that was not possible: then the worker’s last lines, for which `sinceTime` and `timestamps` do not count. A log that breaks off ends the connection; `sinceTime` continues it.',
  parameters: { job: 'The job’s id.' },
  query: logQuery,
  responses: {
    '200': { description: 'The log.', contentType: 'text/plain' },
    '404': { description: 'There is no such job, or no such attempt.', contentType: problem },
    '409': {
      description: 'The container has not started yet. `Retry-After` says when to try again.',
      contentType: problem,
    },
    '410': {
      description:
        'The job has ended, and there is no log of the container: it has not started, or none was kept.',
      contentType: problem,
    },
    '503': {
      description: 'Too many streams are open, or the cluster or the store is out of reach.',
      contentType: problem,
    },
  },
};
