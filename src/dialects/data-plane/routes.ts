import { buildProblem, sendProblem } from '../../http/problem.ts';
import type { HttpContext, Route } from '../../http/route.ts';

/** The route behind the address of a failed job. */
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
        summary: 'Refuses the results of a failed job',
        description:
          'Data planes have no message for a failure. They get this address, are refused, and end the transfer with the reason.',
        parameters: { flow: "The flow's id.", reason: 'Why it failed: a code of the outcome.' },
        responses: { '410': { description: 'There are no results, and never will be.' } },
      },
      handle: refuse,
    },
  ];
}

/** Data planes show their users only the status line, not the body. */
function refuse(ctx: HttpContext): void {
  const { reason = '' } = ctx.params;
  const shown = /^[a-z][a-z-]{0,63}$/.test(reason) ? reason : 'failed';
  const detail = `The job of this transfer has failed: ${shown}`;
  sendProblem(ctx, buildProblem({ code: 'gone', title: 'Gone', status: 410, detail }));
  ctx.message = shown;
}
