import { lookup } from 'mime-types';
import { ownMember } from '../schemas/own-member.ts';

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
