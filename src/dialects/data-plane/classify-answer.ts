import type { DeliveryAnswer } from '../../reconciler/types.ts';
import type { Answer } from '../deliver-message.ts';
import { describeAnswer, failed, isRefusal, tryAgain } from '../edc/describe-answer.ts';

/** The data plane failed, or a proxy lost its answer: the callback may have been accepted. */
const ambiguous = [500, 502, 504];

/**
 * Classifies the data plane's answer to a callback. Final answers are 2xx, a 404 that names the flow, and a 400 in EDC's own format. A 409
 * means that another thread holds the flow for a moment; from 0.17 on a terminated flow gets it as well.
 */
export function classifyAnswer(answer: Answer): DeliveryAnswer {
  if (answer.got === 'nothing') {
    const { problem, sent } = answer;
    return sent ? { result: 'unknown', problem } : failed(problem);
  }
  const { status, body } = answer;
  if (status >= 200 && status < 300) return { result: 'delivered', status };
  if (status === 409) return failed(describeAnswer(answer));
  if (isUnknownFlow(answer)) return { result: 'obsolete', state: 'UNKNOWN', ended: true, status };
  if (status === 400 && isRefusal(body))
    return { result: 'rejected', status, problem: describeAnswer(answer) };
  if (ambiguous.includes(status)) return { result: 'unknown', problem: describeAnswer(answer) };
  return tryAgain(answer, 'callbackPrefix');
}

/** The data plane's own 404: `Object of type DataFlow with ID=… was not found`, of type `ObjectNotFound`. */
function isUnknownFlow({ status, body }: { status: number; body: string }): boolean {
  return status === 404 && /ObjectNotFound|DataFlow\b/.test(body);
}
