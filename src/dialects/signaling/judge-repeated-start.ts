import type { DeliveryAnswer } from '../../reconciler/types.ts';
import { managementPolling } from '../edc/management-polling.ts';
import type { SignalingDelivery } from './callback.ts';
import type { SignalingConnector } from './settings.ts';

const polling = managementPolling<SignalingConnector>('processId');

/**
 * What EDC's 500 to a repeated `started` means, whose first answer was lost. The management API tells the state of the transfer; without it
 * the answer is the same for a transfer that has started and for one that has not, and counts as started: the sink of a push can receive
 * from `prepare` on, while a push that waits for another answer would never start. `completed` shows if that was wrong.
 */
export async function judgeRepeatedStart(
  delivery: SignalingDelivery,
  answer: DeliveryAnswer,
  signal: AbortSignal,
): Promise<DeliveryAnswer> {
  const { flow: name, request, connector } = delivery;
  if (!polling.isPossible(connector))
    return { result: 'obsolete', state: 'STARTED', ended: false, status: 500 };
  const { states } = await polling.poll({ ...delivery, flows: [{ name, request }] }, signal);
  const state = states.get(name);
  if (state?.is !== 'started' && state?.is !== 'ended') return answer;
  return { result: 'obsolete', state: state.state, ended: state.is === 'ended', status: 500 };
}
