import { once } from 'node:events';
import type { DevStateFolder } from './dev-state.ts';
import { startDev, type DevOptions } from './start-dev.ts';

/**
 * Runs `dev` until the signal aborts or `dev stop` asks for its end through the state folder. Sends a message over the IPC channel of the
 * process that started it when everything is ready; ends if that process has gone before.
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
  const ended = once(over, 'abort');
  let isReady = false;
  // The process that started this one reads the log of a start that failed.
  stack.defer(() => (isReady ? state.clear() : undefined));
  const { facts } = stack.use(await startDev(options));
  if (over.aborted || starter.gone.aborted) return;
  isReady = true;
  await state.save({ facts, pid: process.pid });
  if (!starter.notify()) return;
  await ended;
}

interface Starter extends Disposable {
  gone: AbortSignal;
  /** False if it has gone. */
  notify(): boolean;
}

function watchStarter(): Starter {
  const controller = new AbortController();
  if (!process.connected) controller.abort(new Error('the starting process has gone'));
  process.once('disconnect', () => {
    controller.abort(new Error('the starting process has gone'));
  });
  return {
    gone: controller.signal,
    notify() {
      if (!process.connected) return false;
      process.send?.('ready');
      return true;
    },
    // An open channel would keep this process alive.
    [Symbol.dispose]() {
      if (process.connected) process.disconnect();
    },
  };
}
