import { setTimeout as delay } from 'node:timers/promises';
import { ServiceError } from '../../errors.ts';
import { recallFlow } from '../../provisioner/find-flow.ts';
import type { FlowService, RecalledFlow } from '../../provisioner/flow-service.ts';
import type { Provisioner } from '../../provisioner/provisioner.ts';

interface Waiter extends Provisioner {
  askAgain: FlowService['askAgain'];
}

/** The result of an attempt is usually written within milliseconds; the pause between two looks doubles. */
const firstPauseMillis = 25;

/**
 * The flow once its delivery attempt has a result. As a repeat does, the request holds the next attempt back first: if that is what it is,
 * no callback may overtake its answer. An error would be held for `busyHoldMillis` anyway, and this waits no longer.
 */
export async function awaitAttempt(
  deps: Waiter,
  { flow, recalled }: { flow: string; recalled: RecalledFlow },
  signal: AbortSignal,
): Promise<RecalledFlow | undefined> {
  const end = performance.now() + deps.settings.http.busyHoldMillis;
  await deps.askAgain(flow, signal, recalled);
  let found: RecalledFlow | undefined = recalled;
  for (let pause = firstPauseMillis; found?.delivering === true; pause *= 2) {
    const left = end - performance.now();
    if (left <= 0) throw new ServiceError('unavailable', `${flow} is being delivered, with no result yet`);
    await delay(Math.min(pause, left), undefined, { signal });
    found = await recallFlow(deps, flow, signal);
  }
  return found;
}
