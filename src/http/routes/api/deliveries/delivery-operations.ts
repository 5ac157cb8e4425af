import type { ApiOperation } from '../api-route.ts';
import { DeliveriesSchema } from './delivery-schema.ts';

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
} satisfies Record<string, ApiOperation>;
