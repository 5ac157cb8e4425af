import type { ApiOperation } from '../api-route.ts';
import { DeliveriesSchema, DeliverySchema } from './delivery-schema.ts';

const tag = 'jobs';

export const deliveryOperations = {
  list: {
    operationId: 'listJobDeliveries',
    tag,
    summary: 'How the messages of a job reached its connector',
    description:
      'Each message to the connector with its attempts, their times and answers. A job of this API has nobody to inform: its outcome is `skipped`.',
    parameters: { job: 'The job’s id.' },
    responses: { '200': { description: 'The messages.', schema: DeliveriesSchema } },
  },
  replay: {
    operationId: 'replayJobDelivery',
    tag,
    summary: 'Send a message again that its connector did not take',
    description:
      'It is tried for five minutes, paced as any other. If the results of a job still exist, their address is sent, also where a termination has taken its place. The connector may have taken a message whose answer was lost.',
    parameters: { job: 'The job’s id.', number: 'The delivery’s number.' },
    responses: {
      '202': { description: 'It will be sent; a repeat meanwhile changes nothing.', schema: DeliverySchema },
      '409': {
        description:
          'It is neither abandoned nor rejected, its results or its Job are deleted, or it was replayed 20 times.',
      },
    },
  },
} satisfies Record<string, ApiOperation>;
