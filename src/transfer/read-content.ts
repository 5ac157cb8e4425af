import type { Readable } from 'node:stream';
import { ServiceError } from '../errors.ts';

/** How far the content of one request has come. */
export interface Content {
  length: number;
  /** Bytes that the connection was given. */
  sent: number;
  waitsFor: 'store' | 'sink';
  /** Why the results could not be read. */
  error?: unknown;
}

interface ContentSteps {
  onMove: () => void;
  /** Called once, after the first bytes. */
  hesitate: () => Promise<void>;
}

/** Reads as fast as the connection takes the bytes. Throws if they are not exactly as many as the request announced. */
export async function* readContent(
  stream: Readable,
  content: Content,
  { onMove, hesitate }: ContentSteps,
): AsyncGenerator<Buffer, void> {
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const isFirst = content.sent === 0;
      content.sent += chunk.length;
      if (content.sent > content.length) throw wrongLength(content);
      content.waitsFor = 'sink';
      onMove();
      yield chunk;
      onMove();
      if (isFirst && content.sent < content.length) await hesitate();
      content.waitsFor = content.sent < content.length ? 'store' : 'sink';
    }
    if (content.sent < content.length) throw wrongLength(content);
  } catch (error) {
    content.error = error;
    throw error;
  }
}

function wrongLength({ sent, length }: Content): ServiceError {
  return new ServiceError('precondition-failed', `${sent} bytes instead of ${length}`);
}
