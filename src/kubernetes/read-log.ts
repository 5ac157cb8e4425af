import type { Connection } from './connection.ts';
import { unavailable } from './errors.ts';

export interface LogOptions {
  container: string;
  tailLines: number;
  /** The server stops after so many bytes, counted from the start of the tail. */
  limitBytes: number;
}

export interface LogText {
  text: string;
  /** More would have followed. */
  cut: boolean;
}

/** The end of a container's log. `path` is the pod's. Throws ServiceError `cluster-*`. */
export async function readLog(
  connection: Pick<Connection, 'send'>,
  { path, container, tailLines, limitBytes }: LogOptions & { path: string },
  signal: AbortSignal,
): Promise<LogText> {
  const query = { container, tailLines: String(tailLines), limitBytes: String(limitBytes) };
  const { body } = await connection.send({ method: 'GET', path: `${path}/log`, query }, signal);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      // Leaving the loop ends the connection: a server that ignores the limit cannot fill the memory.
      if (size >= limitBytes) break;
    }
  } catch (cause) {
    throw unavailable('The log ended early', cause);
  }
  const text = Buffer.concat(chunks).subarray(0, limitBytes).toString('utf8');
  return { text, cut: size >= limitBytes };
}
