import { once } from 'node:events';
import { StringDecoder } from 'node:string_decoder';
import type { WriteStream } from 'node:tty';
import { printable } from '../client/printable.ts';

/** Writes a log no faster than it is taken. A terminal gets text without control characters, anything else the bytes as they are. */
export function logOutput(
  stream: NodeJS.WritableStream & Pick<WriteStream, 'isTTY'>,
): (bytes: Buffer) => Promise<void> {
  const decoder = new StringDecoder('utf8');
  return async (bytes) => {
    const shown = stream.isTTY ? printable(decoder.write(bytes)) : bytes;
    if (!stream.write(shown)) await once(stream, 'drain');
  };
}
