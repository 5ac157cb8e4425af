import { createHash, createHmac } from 'node:crypto';
import { signedTarget, type Keys } from './signed-request.ts';

interface ChunkedUpload {
  readonly path: string;
  readonly keys: Keys;
  readonly time: number;
  readonly chunks: readonly string[];
  readonly trailer?: string;
  readonly trailed?: string;
}

/** A PUT with an `aws-chunked` body, each chunk signed; the seed signature is that of aws4. */
export function signedChunks(
  url: string,
  upload: ChunkedUpload,
): { method: string; path: string; headers: Record<string, string>; body: Buffer } {
  const { path, keys, time, chunks, trailer, trailed } = upload;
  const payload = `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${trailer === undefined ? '' : '-TRAILER'}`;
  const size = String(chunks.join('').length);
  const announced: Record<string, string> = trailer === undefined ? {} : { 'x-amz-trailer': trailer };
  const own = { 'content-encoding': 'aws-chunked', 'x-amz-decoded-content-length': size, ...announced };
  const { headers } = signedTarget(url, { method: 'PUT', path, keys, time, payload, headers: own });
  const date = headers['x-amz-date'] ?? '';
  const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const key = scope
    .split('/')
    .reduce<string | Buffer>((from, step) => hmac(from, step), `AWS4${keys.secretAccessKey}`);
  let previous = /Signature=([0-9a-f]+)/.exec(headers['authorization'] ?? '')?.[1] ?? '';

  function next(kind: string, ...hashes: string[]): string {
    previous = hmac(key, [kind, date, scope, previous, ...hashes].join('\n')).toString('hex');
    return previous;
  }

  const framed = [...chunks, ''].map((chunk) => {
    const signature = next('AWS4-HMAC-SHA256-PAYLOAD', sha256(''), sha256(chunk));
    return `${chunk.length.toString(16)};chunk-signature=${signature}\r\n${chunk}${chunk === '' ? '' : '\r\n'}`;
  });
  if (trailer !== undefined) {
    const line = `${trailer}:${trailed ?? ''}`;
    const signature = next('AWS4-HMAC-SHA256-TRAILER', sha256(`${line}\n`));
    framed.push(`${line}\r\nx-amz-trailer-signature:${signature}\r\n`);
  }
  const body = Buffer.from(`${framed.join('')}\r\n`);
  // aws4 signed no length, since it saw no body.
  return { method: 'PUT', path, headers: { ...headers, 'content-length': String(body.length) }, body };
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
