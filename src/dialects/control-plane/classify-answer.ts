import type { DeliveryAnswer } from '../../reconciler/types.ts';
import type { Answer } from '../deliver-message.ts';
import { describeAnswer, failed, isRefusal, stateOfConflict, tryAgain } from '../edc/describe-answer.ts';
import { isBeforeCallback, isEndState } from '../edc/process-states.ts';

/**
 * Classifies the connector's answer to a callback or a termination. Only four answers are final: 2xx, a 404 that names the process, a 409
 * that names its state, and a 400 in EDC's own format.
 */
export function classifyAnswer(answer: Answer): DeliveryAnswer {
  if (answer.got === 'nothing') return failed(answer.problem);
  const { status, body } = answer;
  if (status >= 200 && status < 300) return { result: 'delivered', status };
  if (status === 404 && namesProcess(body))
    return { result: 'obsolete', state: 'UNKNOWN', ended: true, status };
  if (status === 409) return classifyConflict(body);
  if (status === 400 && isRefusal(body))
    return { result: 'rejected', status, problem: describeAnswer(answer) };
  return tryAgain(answer, 'callbackPrefix, managementUrl or managementVersion');
}

/** The connector's own 404: `Object of type TransferProcess with ID=… was not found`, of type `ObjectNotFound`. */
function namesProcess(body: string): boolean {
  return /ObjectNotFound|TransferProcess\b/.test(body);
}

/** A 409 means that another thread holds the process for a moment ("leased"), or that its state is too late ("because it's STARTED"). */
function classifyConflict(body: string): DeliveryAnswer {
  const state = stateOfConflict(body);
  if (state === '' || isBeforeCallback(state)) return failed(describeAnswer({ status: 409, body }));
  return { result: 'obsolete', state, ended: isEndState(state), status: 409 };
}
