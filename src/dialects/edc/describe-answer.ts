import { excerpt, isTransientStatus } from '../../peer-answer.ts';
import type { DeliveryAnswer } from '../../reconciler/types.ts';

/**
 * The result of an answer that is not final. A starting connector answers 405 and then 404 until its servlets are loaded, and a proxy without
 * its backend may send any status: the delivery is repeated.
 */
export function tryAgain(answer: { status: number; body: string }, settings: string): DeliveryAnswer {
  const { status } = answer;
  return failed(explain(answer, settings), !isTransientStatus(status));
}

export function failed(problem: string, slowly = false): DeliveryAnswer {
  return { result: 'failed', problem, slowly };
}

/**
 * EDC (read in milestone 6 to 0.18.0) refuses a message in two ways: with a list of its `ApiErrorDetail`, or, if the message cannot be
 * deserialized, with Jackson's text, which ends with a location. It answers 400 without a body if its own code fails
 * (`IllegalArgumentException`), which Jetty turns into a page or a JSON object. The start of the body decides, since a long one is cut.
 */
export function isRefusal(body: string): boolean {
  return (
    /^\s*\[\s*\{\s*"(?:message|type|path|invalidValue)"\s*:/.test(body) ||
    /^\s*[A-Z].* at \[Source: /s.test(body)
  );
}

/** Adds the likely causes to an answer that no working connector gives. */
function explain(answer: { status: number; body: string }, settings: string): string {
  const { status } = answer;
  if (status !== 404 && status !== 405) return describeAnswer(answer);
  return `answered ${status} without naming the process: it is starting, or ${settings} is wrong`;
}

/** One line: it goes to logs and annotations. */
export function describeAnswer({ status, body }: { status: number; body: string }): string {
  const text = excerpt(body);
  return text === '' ? `answered ${status}` : `answered ${status}: ${text}`;
}

/** The state that a 409 names ("because it's STARTED"); empty if it names none, as while another thread holds the process. */
export function stateOfConflict(body: string): string {
  const [, state = ''] = /because it(?:'|\\u0027|&#39;|’)s ([A-Za-z_]+)/.exec(body) ?? [];
  return state.toUpperCase();
}
