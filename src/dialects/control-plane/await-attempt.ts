import { setTimeout as delay } from 'node:timers/promises';
import { ServiceError } from '../../errors.ts';
import { findFlow } from '../../provisioner/find-flow.ts';
import type { FlowService, FoundFlow } from '../../provisioner/flow-service.ts';
import type { Provisioner } from '../../provisioner/provisioner.ts';

interface Waiter extends Provisioner {
  recordRepeat: FlowService['recordRepeat'];
}

/** The result of an attempt is usually written within milliseconds; the pause between two looks doubles. */
const firstPauseMillis = 25;

/**
 * The flow once its delivery attempt has a result. As a repeat does, the request holds the next attempt back first: if that is what it is,
 * no callback may overtake its answer. An error would be held for `busyHoldMillis` anyway, and this waits no longer.
 */
export async function awaitAttempt(
  deps: Waiter,
  { flow, recalled }: { flow: string; recalled: FoundFlow },
  signal: AbortSignal,
): Promise<FoundFlow | undefined> {
  const end = performance.now() + deps.settings.http.busyHoldMillis;
  await deps.recordRepeat(flow, signal, recalled);
  let found: FoundFlow | undefined = recalled;
  for (let pause = firstPauseMillis; found?.delivering === true; pause *= 2) {
    const left = end - performance.now();
    if (left <= 0) throw new ServiceError('unavailable', `${flow} is being delivered, with no result yet`);
    await delay(Math.min(pause, left), undefined, { signal });
    found = await findFlow(deps, flow, signal);
  }
  return found;
}
