import { setTimeout as delay } from 'node:timers/promises';
import type { DemoConnector } from './dialects/dialect-demo.ts';

const downMillis = 2000;

/** Takes the connector down while its callback is due, and up again. `end` may be called at any time. */
export function interruptConnector(connector: Pick<DemoConnector, 'goDown' | 'comeBack'>) {
  const over = new AbortController();
  let coming: Promise<void> | undefined;
  async function comeBack(): Promise<void> {
    await delay(downMillis, undefined, { signal: over.signal }).catch(() => undefined);
    if (!over.signal.aborted) await connector.comeBack();
  }
  return {
    async goDown(): Promise<void> {
      await connector.goDown();
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
