import { createHash } from 'node:crypto';
import http, { type OutgoingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';
import aws4 from 'aws4';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface SignedRequest {
  readonly method?: string;
  /** Path and query, encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Headers added after signing. */
  readonly unsignedHeaders?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** Another value for x-amz-content-sha256 than that of the body. */
  readonly payload?: string;
  readonly keys?: Keys | undefined;
  /** When it says it was signed, in milliseconds since 1970. */
  readonly time?: number;
  readonly service?: 's3' | 'sts';
  readonly region?: string;
  /** Seconds: sign the query instead of the header. */
  readonly presign?: number;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly content: Buffer;
  readonly text: string;
  /** The code of an error. */
  readonly code: string | undefined;
}

/** Signs with aws4, a signer that is not ours, and sends. */
export async function sendSigned(url: string, request: SignedRequest): Promise<Reply> {
  const { path, headers } = signedTarget(url, request);
  return sendPlain(url, { ...request, path, headers });
}

/** The path and headers of the signed request. */
export function signedTarget(
  url: string,
  request: SignedRequest,
): { path: string; headers: Record<string, string> } {
  const { method = 'GET', body = '', service = 's3', region = 'us-east-1', presign } = request;
  const target = {
    host: new URL(url).host,
    method,
    service,
    region,
    ...unsignedParts(request),
    body,
    signQuery: presign !== undefined,
  };
  aws4.sign(target, request.keys);
  const headers = Object.entries(target.headers).map(
    ([name, value]) => [name.toLowerCase(), String(value)] as const,
  );
  return { path: target.path, headers: Object.fromEntries(headers) };
}

function unsignedParts(request: SignedRequest): { path: string; headers: OutgoingHttpHeaders } {
  const { path, body = '', time = Date.now(), presign } = request;
  const date = new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
  if (presign === undefined) {
    const hash = request.payload ?? createHash('sha256').update(body).digest('hex');
    return { path, headers: { 'X-Amz-Date': date, 'X-Amz-Content-Sha256': hash, ...request.headers } };
  }
  const query = `X-Amz-Expires=${presign}&X-Amz-Date=${date}`;
  return { path: `${path}${path.includes('?') ? '&' : '?'}${query}`, headers: { ...request.headers } };
}

/** Sends as it is. */
export function sendPlain(
  url: string,
  request: Pick<SignedRequest, 'method' | 'path' | 'headers' | 'unsignedHeaders' | 'body'>,
): Promise<Reply> {
  const { hostname, port } = new URL(url);
  const { method = 'GET', path, body = '' } = request;
  const length =
    method === 'GET' || method === 'HEAD' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const headers = { ...length, ...request.headers, ...request.unsignedHeaders };
  return new Promise((resolve, reject) => {
    const sent = http.request({ hostname, port, method, path, headers, agent: false }, (response) => {
      buffer(response).then((content) => {
        const text = content.toString();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers as Record<string, string | undefined>,
          content,
          text,
          code: /<Code>([^<]*)/.exec(text)?.[1],
        });
      }, reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** `200`, or `403 AccessDenied`. */
export function verdict(reply: Reply): string {
  return reply.code === undefined ? String(reply.status) : `${reply.status} ${reply.code}`;
}
