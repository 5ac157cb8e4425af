import type { KeptHeaders } from '../catalog/catalog.ts';
import { headerOf, type StoreRequest } from '../http/request.ts';
import { StoreError } from '../http/store-error.ts';

const kept = ['cache-control', 'content-disposition', 'content-language', 'content-type', 'expires'];
const mostMetadata = 2048;

/** The headers of an upload that are stored with the object and sent back with it. */
export function keptHeaders(request: StoreRequest): KeptHeaders {
  const headers: Record<string, string> = { 'content-type': 'binary/octet-stream' };
  for (const name of kept) if (request.headers[name] !== undefined) headers[name] = headerOf(request, name);
  // `aws-chunked` is an encoding of the transfer, not of the content.
  const encodings = headerOf(request, 'content-encoding')
    .split(',')
    .map((name) => name.trim());
  const encoding = encodings.filter((name) => name !== '' && name !== 'aws-chunked').join(',');
  if (encoding !== '') headers['content-encoding'] = encoding;
  return { ...headers, ...userMetadata(request) };
}

function userMetadata(request: StoreRequest): Record<string, string> {
  const prefix = 'x-amz-meta-';
  const names = Object.keys(request.headers).filter((name) => name.startsWith(prefix));
  const metadata = Object.fromEntries(names.map((name) => [name, headerOf(request, name)]));
  const size = Object.entries(metadata).reduce(
    (sum, [name, value]) => sum + name.length - prefix.length + value.length,
    0,
  );
  if (size > mostMetadata) throw new StoreError('MetadataTooLarge');
  return metadata;
}
