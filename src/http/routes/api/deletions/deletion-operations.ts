import type { ApiOperation } from '../api-route.ts';
import { pageQuery } from '../list-page.ts';
import { DeletionListSchema, DeletionSchema, deletionStates } from './deletion-schema.ts';

const tag = 'jobs';

export const deletionQuery = {
  state: {
    description: 'Only deletions in one of these states, separated by commas.',
    schema: { type: 'array', minItems: 1, items: { enum: [...deletionStates] } },
  },
  ...pageQuery,
};

export const deletionOperations = {
  list: {
    operationId: 'listDeletionRequests',
    tag,
    summary: 'List the deletions that were requested',
    description:
      'Those of the jobs that the caller sees, in the order of the jobs, the latest accepted first. A page may be short, or empty, although there are more: `next` says so.',
    query: deletionQuery,
    responses: {
      '200': {
        description: 'One page. `Link` has the address of the next one.',
        schema: DeletionListSchema,
      },
    },
  },
  get: {
    operationId: 'getDeletionRequest',
    tag,
    summary: 'Look at the deletion of a job',
    description: 'When it was requested and by whom, how far it is, and what was deleted.',
    parameters: { job: 'The job’s id.' },
    responses: { '200': { description: 'The deletion.', schema: DeletionSchema } },
  },
} satisfies Record<string, ApiOperation>;
