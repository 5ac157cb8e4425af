import type { DeliveryAnswer } from '../../reconciler/types.ts';
import type { Answer } from '../deliver-message.ts';
import { describeAnswer, failed, isRefusal, stateOfConflict, tryAgain } from '../edc/describe-answer.ts';
import { isEndState } from '../edc/process-states.ts';

/** Answers of a control plane that has not saved the answer to its own message yet, or that holds the transfer for another thread. */
const early = [401, 404, 409, 500];

/**
 * Classifies a control plane's answer to a callback. Final are 2xx, a 400 in EDC's own format and a 409 that names a state in which the
 * transfer ends. EDC answers 500 to a `started` for a transfer that has ended, as it does before it has read our answer: such a callback
 * is repeated until the flow's deadline, a message of the control plane, or its management API says that the transfer is over.
 */
export function classifyAnswer(answer: Answer): DeliveryAnswer {
  if (answer.got === 'nothing') {
    const { problem, sent } = answer;
    return sent ? { result: 'unknown', problem } : failed(problem);
  }
  const { status, body } = answer;
  if (status >= 200 && status < 300) return { result: 'delivered', status };
  if (status === 400 && isRefusal(body))
    return { result: 'rejected', status, problem: describeAnswer(answer) };
  const state = status === 409 ? stateOfConflict(body) : '';
  // A repeat of `completed` whose first answer was lost, or a transfer that was terminated.
  if (isEndState(state)) return { result: 'obsolete', state, ended: true, status };
  if (early.includes(status)) return failed(describeAnswer(answer));
  return tryAgain(answer, 'callbackPrefix');
}

/**
 * EDC's own code failed: Jetty answers so to a `started` of a transfer that does not wait for one, and to one that came too early. A proxy,
 * or another control plane, answers otherwise.
 */
export function isInnerFailure(answer: Answer): boolean {
  return answer.got === 'answer' && answer.status === 500 && jettyBody.test(answer.body);
}

/** A page, or an object for clients that prefer JSON. */
const jettyBody = /HTTP ERROR 500|^\s*\{\s*"url"\s*:.*"status"\s*:\s*"?500\b/s;

/** The transfer waits for a `started` that the control plane has not taken. */
export function isBeforeStart(answer: Answer): boolean {
  return (
    answer.got === 'answer' && answer.status === 409 && stateOfConflict(answer.body) === 'STARTUP_REQUESTED'
  );
}
