import type { HttpContext } from './route.ts';

/** A problem that is no error of ours, under the same names as those that are thrown (RFC 9457). */
export function answerProblem(
  ctx: Pick<HttpContext, 'status' | 'body' | 'type'>,
  {
    code,
    ...problem
  }: { code: string; title: string; status: number; detail: string; [member: string]: unknown },
): void {
  ctx.status = problem.status;
  ctx.body = JSON.stringify({ type: `urn:edc-job-provisioner:problem:${code}`, ...problem });
  ctx.type = 'application/problem+json';
}
