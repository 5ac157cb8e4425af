import type { Caller } from '../access/authenticate.ts';
import { headerOf, type StoreRequest } from '../http/request.ts';
import { StoreError } from '../http/store-error.ts';
import { decodeChunked } from '../signature/aws-chunked.ts';

/** The content of a request without framing and chunk signatures. */
export interface Payload {
  /** The number of bytes that the request announces. */
  readonly size: number;
  readonly chunks: AsyncIterable<Buffer>;
  /** The SHA-256 that was signed, for a body signed as a whole. */
  readonly sha256: string | undefined;
  readonly trailers: ReadonlyMap<string, string>;
}

/** Opens the body in the form that x-amz-content-sha256 names. Throws MissingContentLength when the request has no size. */
export function openPayload(request: StoreRequest, caller: Caller): Payload {
  const form = caller.signature.payloadHash;
  switch (form) {
    case 'UNSIGNED-PAYLOAD':
      return plain(request, undefined);
    case 'STREAMING-UNSIGNED-PAYLOAD-TRAILER':
      return chunked(request, caller, { signed: false, trailers: true });
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD':
      return chunked(request, caller, { signed: true, trailers: false });
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER':
      return chunked(request, caller, { signed: true, trailers: true });
    default:
      if (!/^[0-9a-f]{64}$/.test(form))
        throw new StoreError('NotImplemented', 'The form of x-amz-content-sha256 is not supported.');
      return plain(request, form);
  }
}

function plain(request: StoreRequest, sha256: string | undefined): Payload {
  const size = readSize(request, 'content-length');
  return { size, chunks: piecesOf(request), sha256, trailers: new Map() };
}

function chunked(
  request: StoreRequest,
  caller: Caller,
  form: { signed: boolean; trailers: boolean },
): Payload {
  const size = readSize(request, 'x-amz-decoded-content-length');
  const { scope, date, signature } = caller.signature;
  const announced = form.trailers ? headerOf(request, 'x-amz-trailer').toLowerCase().split(',') : [];
  const trailers = new Map<string, string>();
  const body = {
    seed: form.signed ? { key: caller.signingKey, scope, date, signature } : undefined,
    announced: announced.map((name) => name.trim()).filter((name) => name !== ''),
    trailers,
  };
  return { size, chunks: decodeChunked(piecesOf(request), body), sha256: undefined, trailers };
}

async function* piecesOf(request: StoreRequest): AsyncGenerator<Buffer> {
  request.acceptBody();
  // An error must not destroy the stream: the answer to a bad upload still has to be sent.
  for await (const piece of request.message.iterator({ destroyOnReturn: false })) yield piece as Buffer;
}

function readSize(request: StoreRequest, header: string): number {
  const text = headerOf(request, header);
  if (!/^\d{1,15}$/.test(text))
    throw new StoreError('MissingContentLength', `The header ${header} is missing or not a number.`);
  return Number(text);
}
