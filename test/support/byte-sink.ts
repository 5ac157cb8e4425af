import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface SinkRequest {
  method: string | undefined;
  authorization: string | undefined;
  bytes: number;
  sha256: string;
  /** False: the connection ended before the body. */
  whole: boolean;
}

export interface ByteSink {
  url: string;
  requests: SinkRequest[];
  /** The next requests are answered so; `drop`: the connection ends after the first bytes. Then 200. */
  next(...answers: (number | 'drop')[]): void;
  /** Until it is called, a request is read and not answered. */
  open: PromiseWithResolvers<undefined>;
}

/** Takes what is pushed to it. */
export async function startByteSink(t: TestContext): Promise<ByteSink> {
  const requests: SinkRequest[] = [];
  const answers: (number | 'drop')[] = [];
  const open = Promise.withResolvers<undefined>();
  const server = createServer((request, response) => {
    const answer = answers.shift() ?? 200;
    const hash = createHash('sha256');
    const entry = { method: request.method, authorization: request.headers.authorization, bytes: 0 };
    function note(whole: boolean): void {
      requests.push({ ...entry, sha256: hash.digest('hex'), whole });
    }
    request.on('data', (chunk: Buffer) => {
      hash.update(chunk);
      entry.bytes += chunk.length;
      if (answer === 'drop') request.destroy();
    });
    request.once('close', () => {
      if (!request.complete) note(false);
    });
    request.on('error', () => undefined);
    request.once('end', () => {
      note(true);
      void open.promise.then(() => response.writeHead(answer === 'drop' ? 500 : answer).end());
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/inbox`,
    requests,
    next: (...wanted) => answers.push(...wanted),
    open,
  };
}
