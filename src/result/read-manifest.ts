import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { isServiceError } from '../errors.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { manifestKey, maxManifestBytes, type Manifest } from './manifest.ts';
import { parseManifest } from './parse-manifest.ts';

export interface StoredManifest {
  manifest: Manifest;
  /** Of the object: hex, bytes, and the store's own tag. */
  sha256: string;
  size: number;
  etag: string;
}

export type ManifestReading =
  | { found: true; stored: StoredManifest }
  | { found: false; reason: 'results-missing' | 'results-changed'; message: string };

/** Reads an attempt's manifest; one that is not there, or is not one, is a finding. Throws what the store throws otherwise. */
export async function readManifest(
  { store, flow, attempt }: { store: ObjectStore; flow: string; attempt: string },
  signal: AbortSignal,
): Promise<ManifestReading> {
  const key = manifestKey(flow, attempt);
  const info = await store.head(key, signal);
  if (info === undefined) return missing();
  if (info.size === 0 || info.size > maxManifestBytes) {
    return changed(`the manifest has ${info.size} bytes; expected 1 to ${maxManifestBytes}`);
  }
  let bytes: Buffer;
  try {
    bytes = await readAll(
      await store.get(key, { first: 0, last: info.size - 1, etag: info.etag }, signal),
      info.size,
    );
  } catch (error) {
    if (isServiceError(error, 'object-missing')) return missing();
    if (isServiceError(error, 'precondition-failed'))
      return changed('the manifest was replaced while it was read');
    throw error;
  }
  const parsed = parseManifest(bytes);
  if ('problem' in parsed) return changed(`the manifest is malformed: ${parsed.problem}`);
  const { manifest } = parsed;
  if (manifest.flow !== flow || manifest.attempt !== attempt)
    return changed('the manifest is of another attempt');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { found: true, stored: { manifest, sha256, size: info.size, etag: info.etag } };
}

/** Never more than it expects, whatever the store sends. */
async function readAll(stream: Readable, size: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > size) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function missing(): ManifestReading {
  return { found: false, reason: 'results-missing', message: 'the store holds no manifest of this attempt' };
}

function changed(message: string): ManifestReading {
  return { found: false, reason: 'results-changed', message };
}
