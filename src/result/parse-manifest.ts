import { encodeKey, type Manifest, type ManifestFile } from './manifest.ts';

export type ParsedManifest = { manifest: Manifest } | { problem: string };

/**
 * Strict: what it accepts is safe in a URL, a listing and an archive without another check. Paths are relative, without `.`, `..` or
 * empty segments, in code unit order, each once.
 */
export function parseManifest(bytes: Buffer): ParsedManifest {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return { problem: 'it is not JSON' };
  }
  if (!isObject(value)) return { problem: 'it is not an object' };
  const problem = problemOfHead(value) ?? problemOfFiles(value['files']);
  return problem === undefined ? { manifest: value as unknown as Manifest } : { problem };
}

function problemOfHead(value: Record<string, unknown>): string | undefined {
  if (value['version'] !== 1) return 'version is not 1';
  if (!isName(value['flow'])) return 'flow is not a name';
  if (!isName(value['attempt'])) return 'attempt is not a name';
  if (!isTime(value['createdAt'])) return 'createdAt is not a time';
  return undefined;
}

function problemOfFiles(files: unknown): string | undefined {
  if (!Array.isArray(files)) return 'files is not a list';
  let before: string | undefined;
  for (const [index, file] of files.entries()) {
    const problem = problemOfFile(file);
    if (problem !== undefined) return `files[${index}]: ${problem}`;
    const { path } = file as ManifestFile;
    if (before !== undefined && before >= path)
      return `files[${index}]: not in the order of paths, or there twice`;
    before = path;
  }
  return undefined;
}

function problemOfFile(file: unknown): string | undefined {
  if (!isObject(file)) return 'is not an object';
  const { path } = file;
  if (typeof path !== 'string' || !isSafePath(path)) return 'path is not a relative path';
  if (file['key'] !== encodeKey(path)) return 'key is not the one of its path';
  const wrong = Object.entries(members).find(([name, isRight]) => !isRight(file[name]));
  return wrong === undefined ? undefined : `${wrong[0]} is malformed`;
}

const members: Record<string, (value: unknown) => boolean> = {
  size: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  sha256: (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
  crc32: (value) => typeof value === 'string' && /^[0-9a-f]{8}$/.test(value),
  etag: (value) => typeof value === 'string' && /^[\x21\x23-\x7e]{1,256}$/.test(value),
  modifiedAt: isTime,
};

/** The path cannot leave the directory that it is unpacked into, and is valid in UTF-8. */
function isSafePath(path: string): boolean {
  if (Buffer.byteLength(path) > 4096 || path.includes('\0') || !path.isWellFormed()) return false;
  return path.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/.test(value);
}

function isTime(value: unknown): boolean {
  return (
    typeof value === 'string' && /^[+-]?\d{4,6}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value))
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
