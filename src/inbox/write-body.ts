import { release } from '../release-memory.ts';
import type { StreamUpload } from '../storage/upload/upload-stream.ts';
import type { ProgressWatch } from '../transfer/watch-progress.ts';
import { nextChunk } from './next-chunk.ts';

export interface BodyWriting {
  upload: StreamUpload;
  watch: ProgressWatch;
  /** What the watch names when nothing moves for too long. */
  waiting: { for: string };
}

/** Writes a body into an upload, chunk by chunk; the caller finishes or aborts the upload. `onWritten` may end it by an error. */
export async function writeBody(
  body: AsyncIterable<Buffer>,
  { upload, watch, waiting }: BodyWriting,
  onWritten?: () => Promise<void>,
): Promise<void> {
  const chunks = body[Symbol.asyncIterator]();
  for (;;) {
    const chunk = await nextChunk(chunks, upload.size, watch.signal);
    watch.moved();
    waiting.for = 'the store took no byte';
    if (chunk === undefined) return;
    await upload.write(chunk, watch.signal);
    // The upload has copied it.
    release(chunk);
    watch.moved();
    await onWritten?.();
    waiting.for = 'the sender gave no byte';
  }
}
