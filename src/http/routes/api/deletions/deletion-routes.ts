import { ServiceError } from '../../../../errors.ts';
import type { FlowService, FlowView } from '../../../../requests/flow-service.ts';
import { callerOf, maySee } from '../../../access/caller.ts';
import type { HttpContext, Route } from '../../../route.ts';
import { apiRoute } from '../api-route.ts';
import { checkQuery } from '../check-query.ts';
import { readPage, readStates, sendPage } from '../list-page.ts';
import { findLatest } from '../jobs/job-routes.ts';
import { deletionOperations as operations, deletionQuery } from './deletion-operations.ts';
import { deletionStates } from './deletion-schema.ts';
import { describeDeletion } from './describe-deletion.ts';

export interface DeletionDeps {
  flows: Pick<FlowService, 'viewLatest' | 'list'>;
  publicUrl: string;
}

/** The deletions of the results of jobs, for those who may look at the job. */
export function deletionRoutes(deps: DeletionDeps): Route[] {
  const path = '/deletion-requests';
  return [
    apiRoute({
      method: 'GET',
      path,
      scope: 'read',
      operation: operations.list,
      handle: (ctx) => answerList(ctx, deps),
    }),
    apiRoute({
      method: 'GET',
      path: `${path}/:job`,
      scope: 'read',
      operation: operations.get,
      async handle(ctx) {
        // The client follows the answer to its request, which this replica's cache may not have yet.
        const view = await findLatest(ctx, deps);
        const found = describeDeletion(view, deps.publicUrl);
        if (found === undefined)
          throw new ServiceError('not-found', 'nobody has requested the deletion of this job');
        ctx.body = { ...found, jobDeleted: view.position === undefined };
      },
    }),
  ];
}

async function answerList(ctx: HttpContext, { flows, publicUrl }: DeletionDeps): Promise<void> {
  const query = new URLSearchParams(ctx.querystring);
  checkQuery(query, deletionQuery);
  const states = readStates(query, deletionStates);
  const caller = callerOf(ctx);
  function isListed(view: FlowView): boolean {
    const deletion = describeDeletion(view, publicUrl);
    if (deletion === undefined || !maySee(caller, view.request)) return false;
    return states === undefined || states.includes(deletion.state);
  }
  const page = await flows.list({ ...readPage(query), matches: isListed }, ctx.state.signal);
  const items = page.flows.flatMap((view) => describeDeletion(view, publicUrl) ?? []);
  sendPage(ctx, { items, next: page.next }, publicUrl);
}
