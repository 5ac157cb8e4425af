import type { OutgoingHttpHeaders } from 'node:http';
import aws4 from 'aws4';
import type { ScopedCredentials } from '../scoped-credentials.ts';

export interface UnsignedRequest {
  method: string;
  /** With its query; already encoded. */
  path: string;
  headers: OutgoingHttpHeaders;
  /** Absent: none. */
  body?: Buffer;
}

export interface SignedRequest {
  method: string;
  path: string;
  headers: OutgoingHttpHeaders;
  body: Buffer | undefined;
}

export interface SigningScope {
  /** With its port unless that is the protocol's own. */
  host: string;
  region: string;
  service: 's3' | 'sts';
}

/**
 * Signature version 4 in the headers. A body whose `x-amz-content-sha256` is given (`UNSIGNED-PAYLOAD`) is not hashed:
 * its crc32 guards it. The signature covers the host, so the endpoint must be what the server takes itself for.
 */
export function signRequest(
  request: UnsignedRequest,
  { host, region, service }: SigningScope,
  { accessKeyId, secretAccessKey, sessionToken }: ScopedCredentials,
): SignedRequest {
  const length = { 'content-length': request.body?.length ?? 0 };
  const signed = aws4.sign(
    {
      method: request.method,
      path: request.path,
      host,
      region,
      service,
      headers: {
        host,
        ...(request.method === 'GET' || request.method === 'HEAD' ? {} : length),
        ...request.headers,
      },
      ...(request.body === undefined || 'x-amz-content-sha256' in request.headers
        ? {}
        : { body: request.body }),
    },
    { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
  );
  return {
    method: request.method,
    path: signed.path ?? request.path,
    headers: signed.headers ?? {},
    body: request.body,
  };
}
