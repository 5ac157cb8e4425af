import type { DeliveryAnswer } from '../../reconciler/types.ts';
import type { Answer } from '../deliver-message.ts';
import { isBeforeCallback, isEndState } from './process-states.ts';

/**
 * What the connector's answer to a callback or a termination means. Only four answers are the connector's last word: 2xx, a 404 that
 * names the process, a 409 that names its state, and a 400 in EDC's own words. A starting connector answers 405 and then 404 until its
 * servlets are there, and a proxy without its backend answers whatever it likes: all of that is tried again.
 */
export function classifyAnswer(answer: Answer): DeliveryAnswer {
  if (answer.got === 'nothing') return failed(answer.problem);
  const { status, body } = answer;
  if (status >= 200 && status < 300) return { result: 'delivered', status };
  if (status === 404 && namesProcess(body))
    return { result: 'obsolete', state: 'UNKNOWN', ended: true, status };
  if (status === 409) return classifyConflict(body);
  if (status === 400 && isRefusal(body)) return { result: 'rejected', status, problem: describe(answer) };
  return failed(explain(answer), !(status >= 500 || transient.includes(status)));
}

/** Of a proxy in front of the connector, and soon over; the connector itself does not say these. */
const transient = [408, 425, 429];

/** The connector's own 404: `Object of type TransferProcess with ID=… was not found`, of type `ObjectNotFound`. */
function namesProcess(body: string): boolean {
  return /ObjectNotFound|TransferProcess\b/.test(body);
}

/**
 * EDC (read in milestone 6 to 0.15.1) refuses a message in two ways: with a list of its `ApiErrorDetail`, or, if the message cannot be
 * deserialized, with Jackson's text, which ends with a location. It answers 400 without a body when its own code has failed
 * (`IllegalArgumentException`), which Jetty turns into a page or a JSON object. The beginning decides, since a long body is cut.
 */
function isRefusal(body: string): boolean {
  return (
    /^\s*\[\s*\{\s*"(?:message|type|path|invalidValue)"\s*:/.test(body) ||
    /^\s*[A-Z].* at \[Source: /s.test(body)
  );
}

/** A 409 is said both of a process that another thread holds for a moment ("leased") and of one that is past it ("because it's STARTED"). */
function classifyConflict(body: string): DeliveryAnswer {
  const [, state = ''] = /because it(?:'|\\u0027|&#39;|’)s ([A-Za-z_]+)/.exec(body) ?? [];
  if (state === '' || isBeforeCallback(state)) return failed(describe({ status: 409, body }));
  return { result: 'obsolete', state: state.toUpperCase(), ended: isEndState(state), status: 409 };
}

function failed(problem: string, slowly = false): DeliveryAnswer {
  return { result: 'failed', problem, slowly };
}

/** What somebody can do about an answer that no working connector gives. */
function explain(answer: { status: number; body: string }): string {
  const { status } = answer;
  if (status !== 404 && status !== 405) return describe(answer);
  return `answered ${status} without naming the process: it is starting, or callbackPrefix, managementUrl or managementVersion is wrong`;
}

/** One line, without control characters: it goes to logs and annotations. */
function describe({ status, body }: { status: number; body: string }): string {
  const text = body
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 300);
  return text === '' ? `answered ${status}` : `answered ${status}: ${text}`;
}
