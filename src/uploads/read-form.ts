import type { IncomingMessage } from 'node:http';
import type { Clock } from '../clock.ts';
import { ServiceError } from '../errors.ts';
import { nextChunk } from '../inbox/next-chunk.ts';
import { watchProgress } from '../transfer/watch-progress.ts';

/** One part of `multipart/form-data`. Its body is read before the next part is asked for; otherwise it is skipped. */
export interface FormPart {
  field: string;
  /** Content-Disposition, which has the name of a file. */
  disposition: string;
  isFile: boolean;
  /** Undefined if the part does not say it. */
  mediaType: string | undefined;
  body: AsyncIterable<Buffer>;
}

export interface FormReading {
  request: Pick<IncomingMessage, 'headers'> & AsyncIterable<Buffer>;
  clock: Clock;
  /** Without a byte between two parts. */
  idleMillis: number;
}

const mostParts = 100;
const headLimit = 8192;
const endLimit = 65_536;

/**
 * The parts in their order, while they arrive: one chunk of the request is all that is held in memory. Throws `invalid-request` for a form that
 * is malformed or breaks off. Written by hand, since parsers that push need as many lines to hold them back and to hear of their errors.
 */
export async function* readForm(reading: FormReading, signal: AbortSignal): AsyncGenerator<FormPart> {
  const { clock, idleMillis, request } = reading;
  const delimiter = Buffer.from(`\r\n--${readBoundary(request.headers['content-type'])}`);
  const source = sourceOf(request, signal);
  await skip(source.until(delimiter));
  for (let parts = 0; ; parts += 1) {
    using watch = watchProgress(
      {
        clock,
        idleMillis,
        deadline: clock.monotonic() + idleMillis,
        waitsFor: () => 'the sender gave no byte',
      },
      signal,
    );
    const head = await source.head(watch.signal);
    if (head === undefined) return;
    if (parts === mostParts) throw unreadable(`at most ${mostParts} parts`);
    watch[Symbol.dispose]();
    const body = source.until(delimiter);
    yield { ...describe(head), body };
    await skip(body);
  }
}

/** RFC 2046 allows 70 characters. */
function readBoundary(type = ''): string {
  const [, quoted, token] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;,"]{1,70}))/i.exec(type) ?? [];
  const boundary = quoted ?? token;
  if (boundary !== undefined) return boundary;
  throw new ServiceError('invalid-request', 'Content-Type: expected multipart/form-data with its boundary', {
    field: 'Content-Type',
  });
}

interface Source {
  /** The bytes before the delimiter; the delimiter is read too. */
  until(delimiter: Buffer): AsyncGenerator<Buffer>;
  /** The lines that describe a part. Undefined at the end of the form, when the rest of the request is read. */
  head(signal: AbortSignal): Promise<string | undefined>;
}

function sourceOf(request: AsyncIterable<Buffer>, signal: AbortSignal): Source {
  const chunks = request[Symbol.asyncIterator]();
  // The first delimiter has no line before it.
  let rest: Buffer = Buffer.from('\r\n');
  let size = 0;
  async function read(until: AbortSignal): Promise<boolean> {
    const chunk = await nextChunk(chunks, size, until);
    if (chunk === undefined) return false;
    size += chunk.length;
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    return true;
  }
  async function readOn(until: AbortSignal): Promise<void> {
    if (!(await read(until))) throw unreadable('the end of the form');
  }
  function take(length: number): Buffer {
    const taken = rest.subarray(0, length);
    rest = rest.subarray(length);
    return taken;
  }
  return {
    async *until(delimiter) {
      for (;;) {
        const at = rest.indexOf(delimiter);
        // A delimiter may lie across two chunks.
        const before = take(at === -1 ? Math.max(0, rest.length - delimiter.length + 1) : at);
        if (before.length > 0) yield before;
        if (at !== -1) break;
        await readOn(signal);
      }
      take(delimiter.length);
    },
    async head(until) {
      while (rest.length < 2) await readOn(until);
      if (rest.subarray(0, 2).equals(Buffer.from('--'))) {
        do if (rest.length > endLimit) throw unreadable('nothing after the form');
        while (await read(until));
        return undefined;
      }
      for (;;) {
        const at = rest.indexOf('\r\n\r\n');
        if ((at === -1 ? rest.length : at) > headLimit)
          throw unreadable(`at most ${headLimit} bytes that describe a part`);
        if (at !== -1) return take(at + 4).toString('utf8');
        await readOn(until);
      }
    },
  };
}

async function skip(body: AsyncIterable<Buffer>): Promise<void> {
  const chunks = body[Symbol.asyncIterator]();
  while ((await chunks.next()).done !== true);
}

function describe(head: string): Omit<FormPart, 'body'> {
  const lines = head.split('\r\n');
  const disposition = valueOf(lines, 'content-disposition') ?? '';
  const [, quoted, token] = /;\s*name=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/i.exec(disposition) ?? [];
  const field = quoted?.replaceAll(/\\(.)/g, '$1') ?? token;
  if (field === undefined) throw unreadable('a Content-Disposition with a name in each part');
  const isFile = /;\s*filename\*?=/i.test(disposition);
  return { field, disposition, isFile, mediaType: valueOf(lines, 'content-type') };
}

function valueOf(lines: string[], name: string): string | undefined {
  const line = lines.find((one) => one.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}

function unreadable(expected: string): ServiceError {
  return new ServiceError('invalid-request', `the body: expected ${expected}`, { field: 'body' });
}
