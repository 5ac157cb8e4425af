import type { SimulatorContext } from './simulator-context.ts';
import { isTerminable, type TransferProcess } from './transfer-process.ts';

/** The provider ends the transfer; false if it is over. */
export function terminateByProvider(
  { profile, store }: SimulatorContext,
  process: TransferProcess,
  reason: string,
): boolean {
  if (!isTerminable(process.state)) return false;
  if (process.state === 'STARTUP_REQUESTED') {
    // The data plane cannot stop a flow that it has not started: the consumer gets no message, and nothing is deprovisioned.
    process.final = true;
    store.move(process, 'TERMINATED', profile.noDataPlane);
    return true;
  }
  store.move(process, 'TERMINATING', reason);
  return true;
}

/** The consumer ends the transfer; false if it is over. */
export function terminateByConsumer(
  { profile, store }: SimulatorContext,
  process: TransferProcess,
  reason: string,
): boolean {
  if (!isTerminable(process.state)) return false;
  // From 0.17 on the provider of a pull waits for a data plane that does not know it.
  const hangs = profile.dataPlane?.pulls === true && process.mode === 'pull' && process.state === 'STARTED';
  process.final = hangs || !profile.deprovisionsAfterConsumer || process.state === 'STARTUP_REQUESTED';
  process.consumer = { state: 'TERMINATED', reason };
  store.move(process, hangs ? 'TERMINATING_REQUESTED' : 'TERMINATED', reason);
  return true;
}
