import { Type, type Static } from 'typebox';
import { described } from '../../../../schemas/kinds.ts';

const time = { format: 'date-time' };

export const deletionStates = ['requested', 'deleting', 'failed', 'deleted'] as const;

export const DeletionSchema = described('The deletion of the results of a job, which somebody requested.', {
  id: Type.String({ description: 'The job’s id.' }),
  state: Type.Enum([...deletionStates], {
    description: '`failed`: the last attempt failed, and another one follows.',
  }),
  requestedAt: Type.String(time),
  requestedBy: described('Who requested it.', {
    connector: Type.String({ description: 'The job’s; `rest` for those of this API.' }),
    caller: Type.Optional(Type.String({ description: 'The name of the key; absent: the connector itself.' })),
  }),
  attempts: Type.Integer({ minimum: 0, description: 'They are made with a back-off until one succeeds.' }),
  startedAt: Type.Optional(Type.String({ ...time, description: 'When the last attempt started.' })),
  deletedAt: Type.Optional(
    Type.String({ ...time, description: 'Before the request if the retention had ended.' }),
  ),
  removed: Type.Optional(
    described('What is deleted: results, logs and what else the job has in the bucket, but its record.', {
      objects: Type.Integer({ minimum: 0 }),
      bytes: Type.Integer({ minimum: 0 }),
    }),
  ),
  jobDeleted: Type.Optional(
    Type.Boolean({
      description:
        'Whether the Kubernetes Job is deleted too, a day after the results and the pods. Absent in lists.',
    }),
  ),
  problem: Type.Optional(
    Type.String({
      description: 'The code of the problem of the last attempt that failed; the service’s log has its text.',
    }),
  ),
  links: described('Addresses.', { self: Type.String(), job: Type.String() }),
});

export type DeletionRequest = Static<typeof DeletionSchema>;

export const DeletionListSchema = described('One page of deletion requests, in the order of the jobs.', {
  items: Type.Array(DeletionSchema),
  next: Type.Optional(
    Type.String({ description: 'Value of `cursor` for the next page; absent on the last one.' }),
  ),
});
