import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import { encodeSegment } from '../../addresses.ts';
import type { ScopedCredentials } from '../mint-credentials.ts';

export interface UnsignedRequest {
  method: string;
  /** Encoded, with the query. */
  path: string;
  /** Names in lower case. */
  headers: OutgoingHttpHeaders;
  body?: Buffer;
}

export interface SignedRequest {
  method: string;
  path: string;
  headers: OutgoingHttpHeaders;
  body: Buffer | undefined;
}

export interface SigningScope {
  /** With its port, unless that is the default of the protocol. */
  host: string;
  region: string;
  service: 's3' | 'sts';
}

/**
 * Signature version 4 in the headers. A body is not hashed if the request has an `x-amz-content-sha256` (`UNSIGNED-PAYLOAD`): its
 * crc32 guards it. The signature covers the host, so the endpoint must be the name that the server knows itself by.
 */
export function signRequest(
  request: UnsignedRequest,
  scope: SigningScope,
  credentials: ScopedCredentials,
): SignedRequest {
  return signAt(new Date(), { request, scope, credentials });
}

export interface Signing {
  request: UnsignedRequest;
  scope: SigningScope;
  credentials: ScopedCredentials;
}

/**
 * Written by hand, with the signing key cached: otherwise the signature of a small file costs more than its hash, and the native
 * garbage of a dozen digests per file more memory than its bytes.
 */
export function signAt(now: Date, { request, scope, credentials }: Signing): SignedRequest {
  const { method, path, body } = request;
  const time = now.toISOString().replaceAll(/[:-]|\.\d{3}/g, '');
  const headers = headersOf({ request, scope, credentials }, time);
  const names = Object.keys(headers).sort();
  const within = `${time.slice(0, 8)}/${scope.region}/${scope.service}/aws4_request`;
  const canonical = [
    method,
    ...canonicalAddress(path),
    ...names.map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    names.join(';'),
    headers['x-amz-content-sha256'],
  ].join('\n');
  const text = `AWS4-HMAC-SHA256\n${time}\n${within}\n${hash('sha256', canonical, 'hex')}`;
  const signature = createHmac('sha256', signingKey(credentials.secretAccessKey, within))
    .update(text)
    .digest('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${within}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { method, path, headers: { ...headers, authorization }, body };
}

function headersOf({ request, scope, credentials }: Signing, time: string): OutgoingHttpHeaders {
  const { method, headers, body } = request;
  const { sessionToken } = credentials;
  return {
    host: scope.host,
    ...(method === 'GET' || method === 'HEAD' ? {} : { 'content-length': body?.length ?? 0 }),
    'x-amz-content-sha256': headers['x-amz-content-sha256'] ?? hash('sha256', body ?? '', 'hex'),
    'x-amz-date': time,
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
    ...headers,
  };
}

/** Path and query as the server encodes them, also where the client left characters unencoded. */
function canonicalAddress(address: string): [string, string] {
  const [path = '', query = ''] = address.split('?', 2);
  const members = Array.from(new URLSearchParams(query), ([name, value]) => [
    encodeSegment(name),
    encodeSegment(value),
  ]);
  const sorted = members.map(([name, value]) => `${name}=${value}`).sort();
  if (/^[\w.~/-]*$/.test(path)) return [path, sorted.join('&')];
  const segments = path.split('/').map((segment) => encodeSegment(decodeURIComponent(segment)));
  return [segments.join('/'), sorted.join('&')];
}

/** The last signing key: it is valid for a day, unless the credentials are renewed. */
let lastKey: { secret: string; within: string; key: KeyObject } | undefined;

function signingKey(secret: string, within: string): KeyObject {
  if (lastKey?.secret !== secret || lastKey.within !== within) {
    let key = Buffer.from(`AWS4${secret}`);
    for (const part of within.split('/')) key = createHmac('sha256', key).update(part).digest();
    lastKey = { secret, within, key: createSecretKey(key) };
  }
  return lastKey.key;
}
