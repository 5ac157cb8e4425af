import { ServiceError } from '../../../../errors.ts';
import type { ListedDelivery } from '../../../../flow/list-deliveries.ts';
import type { FlowService } from '../../../../requests/flow-service.ts';
import type { HttpContext, Route } from '../../../route.ts';
import { apiPrefix, apiRoute } from '../api-route.ts';
import { findView } from '../jobs/job-routes.ts';
import { deliveryOperations as operations } from './delivery-operations.ts';
import { describeDelivery } from './describe-deliveries.ts';

export interface JobDeliveryDeps {
  flows: Pick<FlowService, 'view' | 'replay'>;
  publicUrl: string;
}

export function jobDeliveryRoutes(deps: JobDeliveryDeps): Route[] {
  const path = '/jobs/:job/deliveries';
  return [
    apiRoute({
      method: 'GET',
      path,
      scope: 'read',
      operation: operations.list,
      async handle(ctx) {
        const { flow, deliveries = [] } = await findView(ctx, deps);
        const self = selfOf(deps, flow);
        ctx.body = { items: deliveries.map((one) => describeDelivery(one, self)) };
      },
    }),
    apiRoute({
      method: 'POST',
      path: `${path}/:number/replay`,
      scope: 'run',
      operation: operations.replay,
      handle: (ctx) => answerReplay(ctx, deps),
    }),
  ];
}

async function answerReplay(ctx: HttpContext, deps: JobDeliveryDeps): Promise<void> {
  const { flow, of } = await findDelivery(ctx, deps);
  const opened = await deps.flows.replay({ flow, of }, ctx.state.signal);
  const self = selfOf(deps, flow);
  ctx.status = 202;
  ctx.set('Location', self);
  ctx.body = describeDelivery(opened, self);
}

async function findDelivery(
  ctx: HttpContext,
  deps: JobDeliveryDeps,
): Promise<ListedDelivery & { flow: string }> {
  const { flow, deliveries = [] } = await findView(ctx, deps);
  const { number = '' } = ctx.params;
  const found = deliveries.find((one) => String(one.number) === number);
  if (found !== undefined) return { ...found, flow };
  const known = deliveries.map((one) => one.number).join(', ');
  throw new ServiceError(
    'not-found',
    `number: expected one of ${known || 'none'}, the deliveries of this job`,
    {
      field: 'number',
    },
  );
}

function selfOf({ publicUrl }: JobDeliveryDeps, flow: string): string {
  return `${publicUrl}${apiPrefix}/jobs/${flow}/deliveries`;
}
