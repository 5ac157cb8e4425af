import { once } from 'node:events';
import type { DevStateFolder } from './dev-state.ts';
import { startDev, type DevOptions } from './start-dev.ts';

/**
 * Runs `dev` until the signal aborts or somebody asks for its end through the state folder. The process that started it is told over
 * its IPC channel when all is ready; if that process goes away before, this ends.
 */
export async function keepDev(
  options: DevOptions,
  state: DevStateFolder,
  signal: AbortSignal,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  using starter = watchStarter();
  await state.prepare();
  const control = await state.hold();
  stack.defer(() => control.close());
  await state.sweep();
  const over = AbortSignal.any([signal, control.stopRequested]);
  let isReady = false;
  // The log of a start that failed is for the one who waits for it.
  stack.defer(() => (isReady ? state.forget() : undefined));
  const { facts } = stack.use(await startDev(options));
  if (over.aborted || starter.gone.aborted) return;
  isReady = true;
  await state.save({ facts, pid: process.pid });
  if (!starter.tell()) return;
  await abortOf(over);
}

async function abortOf(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

interface Starter extends Disposable {
  gone: AbortSignal;
  /** True if it listened. */
  tell(): boolean;
}

function watchStarter(): Starter {
  const controller = new AbortController();
  if (!process.connected) controller.abort(new Error('nobody waits for it'));
  process.once('disconnect', () => {
    controller.abort(new Error('nobody waits for it any more'));
  });
  return {
    gone: controller.signal,
    tell() {
      if (!process.connected) return false;
      process.send?.('ready');
      return true;
    },
    // An open channel would keep this process.
    [Symbol.dispose]() {
      if (process.connected) process.disconnect();
    },
  };
}
