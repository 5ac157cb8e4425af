import { withinDeadline } from '../until-aborted.ts';
import { completePresigned } from './complete-presigned.ts';
import type { ReceptionSlots } from '../inbox/reception-slots.ts';
import type { PresignedUpload } from './presigned-upload.ts';
import type { UploadParts } from './receive-upload.ts';
import type { StoredUpload } from './stored-upload.ts';

export interface Completions {
  /** Undefined if it takes longer than its caller can wait: it goes on, and a repeat waits for the same one. */
  complete(upload: PresignedUpload, waitMillis: number): Promise<StoredUpload | undefined>;
}

interface Deps {
  inputFiles: UploadParts & { slots: ReceptionSlots };
  /** Aborts when the service drains. */
  stopping: AbortSignal;
}

/** One reading of an upload at a time, however many clients ask for it. It does not end with the request that has started it. */
export function createCompletions({ inputFiles, stopping }: Deps): Completions {
  const underWay = new Map<string, Promise<StoredUpload>>();
  async function run(upload: PresignedUpload): Promise<StoredUpload> {
    const { slots, limits } = inputFiles;
    try {
      return await slots.with(() =>
        withinDeadline(
          (signal) => completePresigned(inputFiles, upload, signal),
          limits.totalMillis,
          stopping,
        ),
      );
    } finally {
      underWay.delete(upload.id);
    }
  }
  return {
    async complete(upload, waitMillis) {
      const completion = underWay.get(upload.id) ?? run(upload);
      underWay.set(upload.id, completion);
      const over = new AbortController();
      const patience = inputFiles.clock.sleep(waitMillis, over.signal).then(() => undefined);
      try {
        return await Promise.race([completion, patience]);
      } finally {
        over.abort();
        // Nobody may be waiting when it fails; the next call finds out.
        completion.catch(() => undefined);
      }
    },
  };
}
