import type { FlowService } from '../../../../requests/flow-service.ts';
import { doneId, eventStreamType, frameEvents } from '../../../event-stream.ts';
import type { HttpContext, Route } from '../../../route.ts';
import { sendStream } from '../../../send-stream.ts';
import type { StreamSlots } from '../../../stream-slots.ts';
import { Wake } from '../../../wake.ts';
import { apiRoute } from '../api-route.ts';
import { findView, jobOf } from '../jobs/job-routes.ts';
import { eventsOperation } from './event-operations.ts';
import { jobEvents } from './job-events.ts';

export interface JobEventDeps {
  flows: Pick<FlowService, 'view' | 'subscribe'>;
  publicUrl: string;
  streams: StreamSlots;
  /** Aborts when the service drains: clients connect to another replica then. */
  stopping: AbortSignal;
}

export function jobEventRoutes(deps: JobEventDeps): Route[] {
  return [
    apiRoute({
      method: 'GET',
      path: '/jobs/:job/events',
      scope: 'read',
      operation: eventsOperation,
      deadline: 'exempt',
      handle: (ctx) => sendEvents(ctx, deps),
    }),
  ];
}

async function sendEvents(ctx: HttpContext, deps: JobEventDeps): Promise<void> {
  const { flows, publicUrl, streams, stopping } = deps;
  const flow = jobOf(ctx);
  const lastEventId = ctx.get('Last-Event-ID');
  const wake = new Wake();
  // Before the first look, so that no change between the two is missed.
  const unsubscribe = flows.subscribe(flow, wake.call);
  try {
    const first = await findView(ctx, deps);
    if (lastEventId === doneId(flow)) {
      ctx.status = 204;
      return;
    }
    const release = streams.take(ctx);
    const ending = AbortSignal.any([ctx.state.signal, stopping]);
    const followed = { publicUrl, first, read: () => findView(ctx, deps), wake, lastEventId };
    const chunks = frameEvents(jobEvents(followed, ending));
    await sendStream(ctx, { contentType: eventStreamType, chunks }).finally(release);
  } finally {
    unsubscribe();
  }
}
