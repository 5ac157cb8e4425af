import { attemptPrefix } from '../flow/keys.ts';

/** The object that a sidecar writes last: no manifest, no results. The sidecar loads this file too, so it imports next to nothing. */
export interface Manifest {
  version: 1;
  flow: string;
  /** Pod UID. */
  attempt: string;
  /** RFC 3339. */
  createdAt: string;
  /** Sorted by path, in code unit order. */
  files: ManifestFile[];
}

export interface ManifestFile {
  /** Relative, `/`-separated, as the worker named it. */
  path: string;
  /** Object key relative to `<attempt prefix>files/`; equals the path if that needs no encoding (`encodeKey`). */
  key: string;
  /** Bytes. */
  size: number;
  /** Hex. */
  sha256: string;
  /** Hex, eight digits. */
  crc32: string;
  /** As the store lists it, without quotes. */
  etag: string;
  /** RFC 3339, the file's mtime. */
  modifiedAt: string;
}

/** The largest manifest that is written or read: about 190,000 files. */
export const maxManifestBytes = 64 * 1024 * 1024;

export function fileKey(flow: string, attempt: string, key: string): string {
  return `${attemptPrefix(flow, attempt)}files/${key}`;
}

const plainPath = /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/;
const encodedPrefix = '_x/';

/**
 * Some S3 servers list `+ % '` wrongly, so keys use only `[A-Za-z0-9._/-]`. A path that fits, and does not look like an encoded one, is
 * its own key; any other becomes base64url of its UTF-8 below `_x/`, cut into segments of 200. All segments but the last end with a
 * dot: no key may be a folder of another, which some servers refuse.
 */
export function encodeKey(path: string): string {
  const dots = path.split('/').some((segment) => segment === '.' || segment === '..');
  if (plainPath.test(path) && !path.startsWith(encodedPrefix) && !dots) return path;
  const encoded = Buffer.from(path, 'utf8').toString('base64url');
  return encodedPrefix + (encoded.match(/.{1,200}/g) ?? []).join('./');
}

/** The path of a key that `encodeKey` has made. */
export function decodeKey(key: string): string {
  if (!key.startsWith(encodedPrefix)) return key;
  return Buffer.from(key.slice(encodedPrefix.length).replaceAll('./', ''), 'base64url').toString('utf8');
}
