import { eventStreamType } from '../../../event-stream.ts';
import type { ApiOperation } from '../api-route.ts';

export const eventsOperation: ApiOperation = {
  operationId: 'followJob',
  tag: 'jobs',
  summary: 'Follow a job',
  description:
    'Server-sent events: first the present state, then the job after each change. `state`: its state has changed; `progress`: something else has. The data is that of `GET /jobs/{job}`. The last event is `done`, with the final state or `gone`. A client that connects again with `Last-Event-ID` gets what has changed since, on any replica, and 204 after `done`.',
  parameters: { job: 'The job’s id.' },
  headers: { 'Last-Event-ID': 'The id of the last event that the client has seen.' },
  responses: {
    '200': { description: 'The events.', contentType: eventStreamType },
    '204': { description: 'The client has seen `done`.' },
    '503': {
      description: 'Too many streams are open. `Retry-After` says when to try again.',
      contentType: 'application/problem+json',
    },
  },
};
