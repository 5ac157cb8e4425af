import type { Clock } from '../clock.ts';
import { watchProgress } from '../transfer/watch-progress.ts';
import { createFormParser, headLimit, unreadable, type FormRequest, type PartHead } from './form-parser.ts';

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
  request: FormRequest;
  clock: Clock;
  /** Without a byte between two parts. */
  idleMillis: number;
}

const mostParts = 100;

/**
 * The parts in their order, while they arrive: one chunk of the request is all that is held in memory. Throws `invalid-request` for a form that
 * is malformed or breaks off.
 */
export async function* readForm(reading: FormReading, signal: AbortSignal): AsyncGenerator<FormPart> {
  const { clock, idleMillis, request } = reading;
  const form = createFormParser(request);
  for (let parts = 0; ; parts += 1) {
    const deadline = clock.monotonic() + idleMillis;
    const limits = { clock, idleMillis, deadline, waitsFor: () => 'the sender gave no byte' };
    using watch = watchProgress(limits, signal);
    const part = await form.next(watch.signal);
    if (part === undefined) return;
    if (parts === mostParts) throw unreadable(`at most ${mostParts} parts`);
    watch[Symbol.dispose]();
    const body = form.bodyOf(part, signal);
    yield { ...describe(part.head), body };
    await skip(body);
  }
}

async function skip(body: AsyncIterable<Buffer>): Promise<void> {
  const chunks = body[Symbol.asyncIterator]();
  while ((await chunks.next()).done !== true);
}

function describe(head: PartHead): Omit<FormPart, 'body'> {
  const lines = Object.entries(head).flatMap(([name, values = []]) => values.map((value) => name + value));
  if (lines.reduce((size, { length }) => size + length + 4, 0) > headLimit)
    throw unreadable(`at most ${headLimit} bytes that describe a part`);
  const disposition = valueOf(head, 'content-disposition') ?? '';
  const [, quoted, token] = /;\s*name=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/i.exec(disposition) ?? [];
  const field = quoted?.replaceAll(/\\(.)/g, '$1') ?? token;
  if (field === undefined) throw unreadable('a Content-Disposition with a name in each part');
  const isFile = /;\s*filename\*?=/i.test(disposition);
  return { field, disposition, isFile, mediaType: valueOf(head, 'content-type') };
}

/** Browsers and curl send UTF-8. */
function valueOf(head: PartHead, name: string): string | undefined {
  const [value] = head[name] ?? [];
  return value === undefined ? undefined : Buffer.from(value, 'latin1').toString('utf8').trim();
}
