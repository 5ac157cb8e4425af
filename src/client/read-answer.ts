import type { Readable } from 'node:stream';
import { ServiceError } from '../errors.ts';

/** Lists of results have a line for each file. */
const jsonLimit = 256 * 1024 * 1024;
const problemLimit = 64 * 1024;

export async function readJsonBody(body: Readable): Promise<unknown> {
  const text = await readText(body, jsonLimit);
  if (text === undefined)
    throw new ServiceError('internal', `expected an answer of at most ${jsonLimit} bytes`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ServiceError(
      'internal',
      `expected JSON, received ${JSON.stringify(text.slice(0, 80))}: is this the address of the service?`,
      { cause },
    );
  }
}

/** What an answer that is not a success says: the detail of a problem (RFC 9457), or the start of its body. */
export async function readProblem(body: Readable): Promise<string> {
  const text = (await readText(body, problemLimit).catch(() => undefined)) ?? '';
  try {
    const { detail, title, errors } = JSON.parse(text) as Record<string, unknown>;
    if (typeof detail === 'string') return [detail, ...describeErrors(errors)].join('\n');
    if (typeof title === 'string') return title;
  } catch {
    // Of a proxy, for example.
  }
  return text === '' ? 'no explanation' : text.slice(0, 200).replaceAll(/\s+/g, ' ').trim();
}

/** Each wrong member of a body that has many. */
function describeErrors(errors: unknown): string[] {
  if (!Array.isArray(errors)) return [];
  return errors.flatMap((error: unknown) => {
    const { pointer, detail } = (error ?? {}) as Record<string, unknown>;
    return typeof pointer === 'string' && typeof detail === 'string' ? [`  ${pointer}: ${detail}`] : [];
  });
}

/** Undefined if it is longer. */
async function readText(body: Readable, limit: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
