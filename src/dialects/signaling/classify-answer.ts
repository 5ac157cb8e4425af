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
 * EDC answers 500 to the second `started` of a transfer. A consumer that pulls shows by its next message that the first one was taken; the
 * control plane of a push sends none, and its push would never start.
 */
export function classifyRepeatedStart(answer: Answer): DeliveryAnswer {
  if (answer.got === 'answer' && answer.status === 500)
    return { result: 'obsolete', state: 'STARTED', ended: false, status: 500 };
  return classifyAnswer(answer);
}
