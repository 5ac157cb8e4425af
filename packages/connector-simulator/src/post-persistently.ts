import { setTimeout as delay } from 'node:timers/promises';
import { postMessage } from './post-message.ts';
import type { PostResult } from './post-message.ts';
import type { SimulatorContext } from './simulator-context.ts';
import type { TransferProcess } from './transfer-process.ts';

/**
 * Sends a message until it is answered, whatever the status, with the pauses of the connector's client between
 * lost connections. After the last pause it gives up; the state machine then begins again.
 */
export async function postPersistently(
  context: SimulatorContext,
  process: TransferProcess,
  message: Parameters<typeof postMessage>[2],
): Promise<PostResult> {
  const delays = context.settings.retryDelaysMillis;
  let result = await postMessage(context, process, message);
  // The first, immediate repetition is OkHttp's own, which it does not make after a timeout.
  let failures = result.kind === 'lost' && result.timedOut ? 1 : 0;
  while (result.kind === 'lost' && failures < delays.length) {
    await pause(delays[failures] ?? 0, context.signal);
    failures += 1;
    if (isGone(context, process)) break;
    result = await postMessage(context, process, message);
  }
  return result;
}

function isGone(context: SimulatorContext, process: TransferProcess): boolean {
  return context.signal.aborted || !context.store.holds(process);
}

/** Waits, or returns early when the simulator stops. */
export async function pause(millis: number, signal: AbortSignal): Promise<void> {
  await delay(millis, undefined, { signal }).catch(() => undefined);
}
