import { Type, type Static } from 'typebox';
import { described } from '../../../../schemas/kinds.ts';

const time = { format: 'date-time' };

export const ConnectorSchema = described('A connector that may send requests, without its secrets.', {
  name: Type.String(),
  dialect: Type.String({ description: 'Its wire format.' }),
  templates: Type.Array(Type.String(), {
    description: 'Templates that it may request, of those that the caller may use.',
  }),
  limits: described('What it may do at once.', {
    transfers: Type.Integer({ minimum: 1, description: 'Pushes and fetches at a time.' }),
  }),
  deliveries: Type.Optional(
    described('How it takes its messages. Absent while this replica has not read the jobs of the cluster.', {
      open: Type.Integer({ minimum: 0, description: 'Jobs that are not closed.' }),
      undelivered: Type.Integer({
        minimum: 0,
        description: 'Those of them whose outcome is not delivered yet.',
      }),
      last: Type.Optional(
        described('The latest attempt at an outcome of these jobs.', {
          job: Type.String(),
          startedAt: Type.String(time),
          endedAt: Type.Optional(Type.String(time)),
          result: Type.Optional(Type.String({ description: 'Absent while it is under way.' })),
          detail: Type.Optional(
            Type.String({ description: 'What was answered, or the problem, without secrets.' }),
          ),
        }),
      ),
    }),
  ),
  links: described('Addresses.', { self: Type.String(), jobs: Type.String() }),
});

export type ConnectorDescription = Static<typeof ConnectorSchema>;

export const ConnectorListSchema = described('The connectors that the caller may see, by name.', {
  items: Type.Array(ConnectorSchema),
});
