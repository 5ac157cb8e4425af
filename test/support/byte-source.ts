import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { serveOnLoopback } from './serve-on-loopback.ts';

/** `drop`: the connection ends after half of the bytes; `hang`: after half of the bytes nothing more comes. */
type Behaviour = number | 'drop' | 'hang' | 'chunked';

export interface ByteSource {
  url: string;
  requests: IncomingHttpHeaders[];
  next(...answers: Behaviour[]): void;
  /** Connections that ended before their answer did. */
  broken: number;
}

/** Where a provider gives a file. */
export async function startByteSource(
  t: TestContext,
  { content, headers = {} }: { content: Buffer; headers?: Record<string, string> },
): Promise<ByteSource> {
  const answers: Behaviour[] = [];
  const origin = await serveOnLoopback(t, (request, response) => {
    source.requests.push(request.headers);
    response.on('close', () => {
      if (!response.writableFinished) source.broken += 1;
    });
    answer(response, { content, headers, range: request.headers.range, behaviour: answers.shift() });
  });
  const source: ByteSource = {
    url: `${origin}/files/of%20a%20provider.txt?secret=query`,
    requests: [],
    next: (...behaviours) => answers.push(...behaviours),
    broken: 0,
  };
  return source;
}

interface Answer {
  content: Buffer;
  headers: Record<string, string>;
  range: string | undefined;
  behaviour: Behaviour | undefined;
}

function answer(response: ServerResponse, { content, headers, range, behaviour }: Answer): void {
  if (typeof behaviour === 'number') {
    response.writeHead(behaviour).end('no');
    return;
  }
  const first = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  const rest = content.subarray(first);
  const length = behaviour === 'chunked' ? {} : { 'content-length': rest.length };
  const part = { 'content-range': `bytes ${first}-${content.length - 1}/${content.length}` };
  response.writeHead(first > 0 ? 206 : 200, { ...headers, ...length, ...(first > 0 ? part : {}) });
  if (behaviour !== 'drop' && behaviour !== 'hang') response.end(rest);
  else
    response.write(rest.subarray(0, rest.length / 2), () => {
      if (behaviour === 'drop') response.destroy();
    });
}
