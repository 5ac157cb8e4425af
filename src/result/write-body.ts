import type { Writable } from 'node:stream';
import { release } from '../release-memory.ts';

/**
 * Writes chunks to a connection, as fast as it takes them, and gives back their memory. Returns false, without an error, when the connection
 * is closed before it has taken all. Neither ends the connection nor listens to its errors. Throws what the chunks throw.
 */
export async function writeBody(chunks: AsyncIterable<Buffer>, connection: Writable): Promise<boolean> {
  let taken = Promise.withResolvers<boolean>();
  function onClose(): void {
    taken.resolve(false);
  }
  connection.once('close', onClose);
  try {
    for await (const chunk of chunks) {
      if (connection.destroyed) return false;
      taken = Promise.withResolvers();
      const { resolve } = taken;
      connection.write(chunk, (error) => {
        resolve(error === undefined || error === null);
      });
      if (!(await taken.promise)) return false;
      release(chunk);
    }
    return true;
  } finally {
    connection.off('close', onClose);
  }
}
