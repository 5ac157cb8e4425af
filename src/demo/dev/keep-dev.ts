import { once } from 'node:events';
import type { DevStateFolder } from './state-folder.ts';
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
  await state.prepare();
  const { stopRequested } = stack.use(await state.hold());
  await state.sweep();
  const over = AbortSignal.any([signal, stopRequested]);
  const ended = once(over, 'abort');
  let isReady = false;
  // The process that started this one reads the log of a start that failed.
  stack.defer(() => (isReady ? state.clear() : undefined));
  const { facts } = stack.use(await startDev(options));
  if (over.aborted) return;
  isReady = true;
  await state.save({ facts, pid: process.pid });
  if (await reportReady()) await ended;
}

/** False if the process that started this one has gone: the channel is closed, or closes under the message. */
async function reportReady(): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  if (process.send === undefined) return false;
  process.send('ready', (error) => {
    resolve(error === null);
  });
  return await promise;
}
