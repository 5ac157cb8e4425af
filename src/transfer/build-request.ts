import { attachment } from '../attachment.ts';
import type { SinkRequest } from './send-request.ts';
import type { Sink } from './types.ts';
import type { Upload } from './upload.ts';
import { appendHeaders, offerHeaders, queryHeaders } from './upload-resource.ts';

type Head = Pick<SinkRequest, 'method' | 'url' | 'headers'>;

export function wholeRequest({ push: { sink }, body, sha256 }: Upload): Head {
  const headers = {
    'content-type': body.contentType,
    'content-disposition': attachment(body.fileName),
    // RFC 9530: of the whole body, so that it also holds for one that is sent in two parts.
    ...(sha256 !== undefined && {
      'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
    }),
    ...sinkHeaders(sink),
    ...offerHeaders(body.length),
  };
  return { method: sink.method ?? 'POST', url: sink.url, headers };
}

export function appendRequest({ push: { sink } }: Upload, url: string, offset: number): Head {
  return { method: 'PATCH', url, headers: { ...sinkHeaders(sink), ...appendHeaders(offset) } };
}

export function queryRequest({ push: { sink } }: Upload, url: string): Head {
  return { method: 'HEAD', url, headers: { ...sinkHeaders(sink), ...queryHeaders } };
}

/** They frame the request or belong to the upload. */
const framing =
  /^(connection|content-length|expect|host|keep-alive|te|trailer|transfer-encoding|upgrade|upload-.*)$/;

function sinkHeaders({ headers }: Sink): Record<string, string> {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return Object.fromEntries(lower.filter(([name]) => !framing.test(name)));
}
