import type { FlowService } from '../../../../requests/flow-service.ts';
import type { Route } from '../../../route.ts';
import { apiRoute } from '../api-route.ts';
import { findView } from '../jobs/job-routes.ts';
import { deliveryOperations as operations } from './delivery-operations.ts';
import { describeDeliveries } from './describe-deliveries.ts';

export interface JobDeliveryDeps {
  flows: Pick<FlowService, 'view'>;
}

export function jobDeliveryRoutes(deps: JobDeliveryDeps): Route[] {
  return [
    apiRoute({
      method: 'GET',
      path: '/jobs/:job/deliveries',
      scope: 'read',
      operation: operations.list,
      async handle(ctx) {
        const { deliveries = [] } = await findView(ctx, deps);
        ctx.body = describeDeliveries(deliveries);
      },
    }),
  ];
}
