import { isServiceError } from '../../errors.ts';
import { inboxesPrefix } from '../../flow/keys.ts';
import type { Reconciler } from '../reconciler.ts';

/** Deletes what says that an inbox has taken its body, once the inbox has expired. Reads only the keys that are due, the oldest first. */
export async function sweepInboxes(
  { store, now }: Pick<Reconciler, 'store' | 'now'>,
  signal: AbortSignal,
): Promise<void> {
  const seconds = now().getTime() / 1000;
  async function* expired(): AsyncGenerator<string> {
    for await (const { key } of store.list(inboxesPrefix, signal)) {
      const [, notAfter] = /^(\d{12})-/.exec(key.slice(inboxesPrefix.length)) ?? [];
      if (Number(notAfter) > seconds) return;
      if (notAfter !== undefined) yield key;
    }
  }
  try {
    await store.remove(expired(), signal);
  } catch (error) {
    if (!isServiceError(error, 'bucket-missing')) throw error;
  }
}
