import { Type, type Static } from 'typebox';
import { described } from '../../../../schemas/kinds.ts';

const time = { format: 'date-time' };

const Attempt = described('One attempt.', {
  number: Type.Integer({ minimum: 1 }),
  sent: Type.Enum(['results', 'failure', 'deprovisioned', 'prepared', 'transferred'], {
    description: '`results`: their address. `failure`: why there are none, or why they cannot be delivered.',
  }),
  startedAt: Type.String(time),
  endedAt: Type.Optional(Type.String(time)),
  result: Type.Optional(
    Type.Enum(['delivered', 'obsolete', 'rejected', 'failed', 'unknown'], {
      description: 'Absent while it is under way, and if its answer is not known.',
    }),
  ),
  detail: Type.Optional(Type.String({ description: 'What was answered, or the problem, without secrets.' })),
});

export const DeliverySchema = described('One message to the connector, and the attempts at it.', {
  number: Type.Integer({ minimum: 1 }),
  message: Type.Enum(['readiness', 'outcome', 'completion', 'confirmation'], {
    description:
      '`readiness`: data can be received. `completion`: the end of a push. `confirmation`: that the results are deleted.',
  }),
  state: Type.Enum(
    [
      ...['waiting', 'under-way', 'failed', 'unknown'],
      ...['delivered', 'obsolete', 'rejected', 'abandoned', 'skipped'],
    ],
    { description: 'The first four are followed by an attempt, or by the end.' },
  ),
  endedAt: Type.Optional(Type.String({ ...time, description: 'When the state was known.' })),
  detail: Type.Optional(Type.String({ description: 'Why, without secrets.' })),
  attemptCount: Type.Integer({
    minimum: 0,
    description: 'Of all attempts, also of those that are not kept.',
  }),
  attempts: Type.Array(Attempt, { description: 'The first one and the latest ones.' }),
  replayedAt: Type.Optional(Type.String({ ...time, description: 'When somebody last had it sent again.' })),
  instead: Type.Optional(
    described('Why the connector’s transfer is terminated although there are results.', {
      at: Type.String(time),
      reason: Type.String(),
      message: Type.String(),
    }),
  ),
  links: Type.Optional(
    described('What may be done.', {
      replay: Type.String({ description: 'POST sends it again.' }),
    }),
  ),
});

export const DeliveriesSchema = described('The messages to the connector of a job.', {
  items: Type.Array(DeliverySchema, { description: 'Empty before the first one.' }),
});

export type Deliveries = Static<typeof DeliveriesSchema>;
