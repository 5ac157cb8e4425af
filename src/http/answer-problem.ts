import { buildProblem, type Problem } from './problem.ts';
import type { HttpContext } from './route.ts';

type Answer = Pick<HttpContext, 'status' | 'body' | 'type'>;

/** A problem that is no error of ours, under the same names as those that are thrown (RFC 9457). */
export function answerProblem(
  answer: Answer,
  problem: Omit<Problem, 'type'> & { code: string; [member: string]: unknown },
): void {
  sendProblem(answer, buildProblem(problem));
}

export function sendProblem(answer: Answer, problem: Problem): void {
  answer.status = problem.status;
  answer.body = JSON.stringify(problem);
  answer.type = 'application/problem+json';
}
