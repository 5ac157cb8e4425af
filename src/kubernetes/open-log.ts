import type { Connection } from './connection.ts';
import { unavailable } from './errors.ts';

export interface OpenedLogOptions {
  container: string;
  /** Go on until the container has ended. */
  follow: boolean;
  /** From the end. Default: all that the node has kept. */
  tailLines?: number;
  /** Not earlier than this. RFC 3339; a server may take whole seconds. */
  sinceTime?: string;
}

/**
 * A container's log, each line after its time, read as fast as its reader takes it, until the signal aborts or the reader leaves; then the
 * request ends. A server may answer to `follow` only when the container writes something. `path` is the pod's. Throws ServiceError
 * `cluster-*`.
 */
export async function openLog(
  connection: Pick<Connection, 'send'>,
  { path, container, follow, tailLines, sinceTime }: OpenedLogOptions & { path: string },
  signal: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  const query = {
    container,
    follow: String(follow),
    timestamps: 'true',
    tailLines: tailLines === undefined ? undefined : String(tailLines),
    sinceTime,
  };
  const { body } = await connection.send({ method: 'GET', path: `${path}/log`, query }, signal);
  // An abort before the first read must not end the process.
  body.on('error', () => undefined);
  return readChunks(body);
}

async function* readChunks(body: AsyncIterable<unknown>): AsyncGenerator<Buffer, void> {
  try {
    for await (const chunk of body) yield chunk as Buffer;
  } catch (cause) {
    throw unavailable('The log ended early', cause);
  }
}
