import { connect } from 'node:net';

export interface RawOptions {
  /** Ends our side of the connection after the request; default: the server has to close it. */
  end?: boolean;
}

/** Sends bytes as they are, and gives back what came until the server closed the connection. */
export async function askRaw(
  port: number,
  request: string | Buffer,
  { end = false }: RawOptions = {},
): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  // A reset after the answer is what the server's closing looks like to somebody who still sends.
  socket.on('error', () => undefined);
  if (end) socket.end(request);
  else socket.write(request);
  await closed;
  return Buffer.concat(parts).toString('latin1');
}

export interface RawReply {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** The answers in what came over one connection; each has a Content-Length or no body. */
export function readReplies(text: string): RawReply[] {
  const replies: RawReply[] = [];
  for (let rest = text; rest !== '';) {
    const [head = '', ...after] = rest.split('\r\n\r\n');
    const [first = '', ...fields] = head.split('\r\n');
    const headers = Object.fromEntries(
      fields.map((field) => [
        field.slice(0, field.indexOf(':')).toLowerCase(),
        field.replace(/^[^:]*: */, ''),
      ]),
    );
    const body = after.join('\r\n\r\n');
    const length = Number(headers['content-length'] ?? 0);
    replies.push({ status: Number(first.split(' ')[1]), headers, body: body.slice(0, length) });
    rest = body.slice(length);
  }
  return replies;
}
