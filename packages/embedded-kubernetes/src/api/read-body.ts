import type { IncomingMessage } from 'node:http';

import { badRequest, StatusError } from '../objects/status-error.ts';
import { decodeProtobuf } from './decode-protobuf.ts';

export const protobuf = 'application/vnd.kubernetes.protobuf';
const sizeLimit = 3 * 1024 * 1024;

/** The body of a request as data, at most 3 MiB; undefined if there is none. */
export async function readBody(message: IncomingMessage, mediaType: string): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > sizeLimit) throw tooLarge();
    chunks.push(chunk);
  }
  if (size === 0) return undefined;
  if (mediaType === protobuf) return decodeProtobuf(Buffer.concat(chunks));
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
  } catch (error) {
    throw badRequest(`the body of the request is not JSON: ${(error as Error).message}`);
  }
}

function tooLarge(): StatusError {
  return new StatusError({
    code: 413,
    reason: 'RequestEntityTooLarge',
    message: `Request entity too large: limit is ${sizeLimit}`,
  });
}
