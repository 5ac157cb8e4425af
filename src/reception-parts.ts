import type { Clients } from './clients.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config/config.ts';
import { createReceptionSlots } from './inbox/reception-slots.ts';

/** What the inboxes of flows need to receive files. */
export function inboxParts({ transfers, reconciler }: Config, { store, uploads }: Clients) {
  const { maxReceivedBytes: maxBytes, maxUploads, idleSeconds } = transfers;
  const { totalSeconds = reconciler.deliverySeconds } = transfers;
  return {
    ...{ store, uploads, clock: systemClock },
    slots: createReceptionSlots(maxUploads, 'transfers.maxUploads'),
    limits: { maxBytes, idleMillis: idleSeconds * 1000, totalMillis: totalSeconds * 1000 },
  };
}

/** What the uploads of input files need. */
export function inputFileParts({ uploads: settings }: Config, { store, uploads }: Clients) {
  const { maxBytes, maxPresignedBytes, concurrency, idleSeconds, totalSeconds, keepSeconds } = settings;
  return {
    ...{ store, uploads, clock: systemClock },
    slots: createReceptionSlots(concurrency, 'uploads.concurrency'),
    limits: {
      maxBytes,
      maxPresignedBytes,
      idleMillis: idleSeconds * 1000,
      totalMillis: totalSeconds * 1000,
      keepMillis: keepSeconds * 1000,
    },
  };
}
