import { lookup } from 'mime-types';
import { encodeSegment } from '../addresses.ts';
import { ownMember } from '../schemas/schema-problem.ts';

/** The path with each segment percent-encoded. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeSegment).join('/');
}

/**
 * The decoded path, or undefined if it is not percent-encoded UTF-8. `%2F` separates like `/`: proxies do not keep the difference, and
 * no file name holds a slash.
 */
export function decodePath(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Extensions that the library does not know, or knows by an older type (RFC 9512). */
const others: Record<string, string> = {
  ndjson: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
  yaml: 'application/yaml',
  yml: 'application/yaml',
};

/** By the extension of the file name. Text has a charset, since a browser would guess one. */
export function mediaTypeOf(path: string): string {
  const extension = /[^/]\.([A-Za-z0-9]+)$/.exec(path)?.[1]?.toLowerCase();
  if (extension === undefined) return 'application/octet-stream';
  const type = ownMember(others, extension) ?? (lookup(`.${extension}`) || 'application/octet-stream');
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type;
}
