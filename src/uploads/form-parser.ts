import type { IncomingMessage } from 'node:http';
import { Dicer } from '@fastify/busboy';
import { ServiceError } from '../errors.ts';
import { nextChunk } from '../inbox/next-chunk.ts';

/** Of the description of a part. */
export const headLimit = 8192;
/** Of what follows the form. */
const endLimit = 65_536;

export type PartHead = Record<string, string[] | undefined>;

export interface ArrivedPart {
  stream: Dicer.PartStream;
  head: PartHead;
}

export interface FormParser {
  /** Undefined at the end of the form, when the rest of the request is read. */
  next(signal: AbortSignal): Promise<ArrivedPart | undefined>;
  bodyOf(part: ArrivedPart, signal: AbortSignal): AsyncGenerator<Buffer>;
}

export type FormRequest = Pick<IncomingMessage, 'headers'> & AsyncIterable<Buffer>;

/**
 * The parser gets a chunk when all of the last one is read. Whether the form is whole is judged here: the parser skips a malformed part, and
 * reports a broken end as an event that ends the process if nobody listens.
 */
export function createFormParser(request: FormRequest): FormParser {
  const chunks = request[Symbol.asyncIterator]();
  const { parser, arrived, seen } = openParser(readBoundary(request.headers['content-type']));
  let size = 0;
  async function read(signal: AbortSignal): Promise<boolean> {
    const chunk = await nextChunk(chunks, size, signal);
    if (chunk === undefined) return false;
    size += chunk.length;
    if (seen.end) seen.after += chunk.length;
    else parser.write(chunk);
    return true;
  }
  async function readOn(signal: AbortSignal): Promise<void> {
    if (!(await read(signal))) throw unreadable('the end of the form');
  }
  async function readRest(signal: AbortSignal): Promise<void> {
    do if (seen.after > endLimit) throw unreadable('nothing after the form');
    while (await read(signal));
  }
  return {
    async next(signal) {
      while (arrived[0]?.head === undefined) {
        if (arrived.length > (seen.end ? 0 : 1)) throw unreadable('an end of the description of each part');
        if (seen.end) break;
        await readOn(signal);
      }
      const { stream, head } = arrived.shift() ?? {};
      if (stream !== undefined && head !== undefined) return { stream, head };
      await readRest(signal);
      return undefined;
    },
    async *bodyOf({ stream }, signal) {
      for (;;) {
        for (let chunk = readNext(stream); chunk !== null; chunk = readNext(stream)) yield chunk;
        // The end is an event of a later turn.
        await turn();
        if (stream.readableEnded) return;
        await readOn(signal);
      }
    },
  };
}

function readNext(stream: Dicer.PartStream): Buffer | null {
  return stream.read() as Buffer | null;
}

function openParser(boundary: string) {
  const parser = new Dicer(optionsFor(boundary));
  const arrived: { stream: Dicer.PartStream; head?: PartHead }[] = [];
  /** Bytes after the end of the form. */
  const seen = { end: false, after: 0 };
  parser.on('part', (stream) => {
    const part: (typeof arrived)[number] = { stream };
    arrived.push(part);
    stream.once('header', (head) => {
      part.head = head as PartHead;
    });
  });
  parser.on('finish', () => {
    seen.end = true;
  });
  parser.on('trailer', ({ length }) => {
    seen.after += length;
  });
  return { parser, arrived, seen };
}

function optionsFor(boundary: string) {
  return {
    boundary,
    // What is longer is cut off: twice the limit shows that it is.
    maxHeaderSize: 2 * headLimit,
    maxHeaderPairs: headLimit,
    // No part of a chunk is held back, since nothing would ask for it.
    partHwm: Number.MAX_SAFE_INTEGER,
  };
}

async function turn(): Promise<void> {
  await new Promise<void>((resolve) => {
    process.nextTick(resolve);
  });
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

export function unreadable(expected: string): ServiceError {
  return new ServiceError('invalid-request', `the body: expected ${expected}`, { field: 'body' });
}
