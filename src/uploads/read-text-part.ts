import { invalidRequest, ServiceError } from '../errors.ts';
import { nextChunk } from '../inbox/next-chunk.ts';
import { watchProgress } from '../transfer/watch-progress.ts';
import type { FormPart, FormReading } from './read-form.ts';

export interface TextReading extends Pick<FormReading, 'clock' | 'idleMillis'> {
  limitBytes: number;
}

/** A part that is small enough to be held in memory. Throws an error that names the part. */
export async function readTextPart(
  { field, body }: Pick<FormPart, 'field' | 'body'>,
  { clock, idleMillis, limitBytes }: TextReading,
  signal: AbortSignal,
): Promise<string> {
  const deadline = clock.monotonic() + idleMillis;
  const progress = { clock, idleMillis, deadline, waitsFor: () => 'the sender gave no byte' };
  using watch = watchProgress(progress, signal);
  const chunks = body[Symbol.asyncIterator]();
  const read: Buffer[] = [];
  let size = 0;
  for (;;) {
    const chunk = await nextChunk(chunks, size, watch.signal);
    if (chunk === undefined) return decode(field, Buffer.concat(read));
    size += chunk.length;
    if (size > limitBytes)
      throw new ServiceError('payload-too-large', `${field}: expected at most ${limitBytes} bytes`, {
        field,
      });
    read.push(chunk);
  }
}

function decode(field: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw invalidRequest(field, 'text in UTF-8', { cause });
  }
}
