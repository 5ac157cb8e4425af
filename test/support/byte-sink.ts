import { createHash } from 'node:crypto';
import type { TestContext } from 'node:test';
import { serveOnLoopback } from './serve-on-loopback.ts';

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
  const origin = await serveOnLoopback(t, (request, response) => {
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
  });
  return {
    url: `${origin}/inbox`,
    requests,
    next: (...wanted) => answers.push(...wanted),
    open,
  };
}
