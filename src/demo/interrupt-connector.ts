import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectorSimulator } from 'connector-simulator';

const downMillis = 2000;

/** Takes the connector down while its callback is due, and up again. `end` may be called at any time. */
export function interruptConnector(simulator: ConnectorSimulator) {
  const over = new AbortController();
  let coming: Promise<void> | undefined;
  async function comeBack(): Promise<void> {
    await delay(downMillis, undefined, { signal: over.signal }).catch(() => undefined);
    if (!over.signal.aborted) await simulator.comeBack();
  }
  return {
    async goDown(): Promise<void> {
      await simulator.goDown();
    },
    comeBackSoon(): void {
      coming ??= comeBack();
    },
    async end(): Promise<void> {
      over.abort();
      await coming;
    },
  };
}
