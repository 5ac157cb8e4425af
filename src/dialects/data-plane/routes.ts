import { buildProblem, sendProblem } from '../../http/problem.ts';
import type { HttpContext, Route } from '../../http/route.ts';

/** What the address of a job that failed leads to. */
export function failureRoutes(): Route[] {
  return [
    {
      method: 'GET',
      path: '/results/:flow/failed/:reason',
      access: 'everybody',
      deadline: 'bounded',
      operation: {
        operationId: 'getFailure',
        tag: 'results',
        summary: 'In place of the results of a job that failed',
        description:
          'Data planes know no message for a failure. They are given this address, are refused, and end the transfer with the reason.',
        parameters: { flow: "The flow's id.", reason: 'Why it failed: a code of the outcome.' },
        responses: { '410': { description: 'There are no results, and never will be.' } },
      },
      handle: refuse,
    },
  ];
}

/** Data planes show their users the status line, and nothing of the body. */
function refuse(ctx: HttpContext): void {
  const { reason = '' } = ctx.params;
  const shown = /^[a-z][a-z-]{0,63}$/.test(reason) ? reason : 'failed';
  const detail = `The job of this transfer has failed: ${shown}`;
  sendProblem(ctx, buildProblem({ code: 'gone', title: 'Gone', status: 410, detail }));
  ctx.message = shown;
}
