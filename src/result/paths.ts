import { lookup } from 'mime-types';
import { ownMember } from '../schemas/schema-problem.ts';

/** Each segment percent-encoded; also what `encodeURIComponent` leaves and an HTTP client might rewrite (`'` becomes `%27`). */
export function encodePath(path: string): string {
  return path.split('/').map(encodeSegment).join('/');
}

/**
 * The path that an address means, or undefined if it is not percent-encoded UTF-8. `%2F` separates like `/`: proxies do not
 * keep the difference, and no file's name holds a slash.
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

function encodeSegment(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** What workers write and the library does not know, or knows by an older name (RFC 9512). */
const others: Record<string, string> = {
  ndjson: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
  yaml: 'application/yaml',
  yml: 'application/yaml',
};

/** By the extension of the file's name. Text says its charset, as a browser would guess otherwise. */
export function mediaTypeOf(path: string): string {
  const extension = /[^/]\.([A-Za-z0-9]+)$/.exec(path)?.[1]?.toLowerCase();
  if (extension === undefined) return 'application/octet-stream';
  const type = ownMember(others, extension) ?? (lookup(`.${extension}`) || 'application/octet-stream');
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type;
}
