import type { DeliveryAnswer } from '../../reconciler/types.ts';
import type { Answer } from '../deliver-message.ts';
import { describeAnswer, failed, isRefusal, tryAgain } from '../edc/describe-answer.ts';

/** Answers of a control plane that has not saved the answer to its own message yet, or that holds the transfer for another thread. */
const early = [401, 404, 409, 500];

/**
 * Classifies a control plane's answer to a callback. 2xx and a 400 in EDC's own format are final. EDC answers 500 to a `started` for a
 * transfer that has ended, as it does before it has read our answer: such a callback is repeated until the flow's deadline, a message
 * of the control plane, or its management API says that the transfer is over.
 */
export function classifyAnswer(answer: Answer): DeliveryAnswer {
  if (answer.got === 'nothing') return failed(answer.problem);
  const { status, body } = answer;
  if (status >= 200 && status < 300) return { result: 'delivered', status };
  if (status === 400 && isRefusal(body))
    return { result: 'rejected', status, problem: describeAnswer(answer) };
  if (early.includes(status)) return failed(describeAnswer(answer));
  return tryAgain(answer, 'callbackPrefix');
}
