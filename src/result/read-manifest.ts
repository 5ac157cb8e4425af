import { hash } from 'node:crypto';
import type { ObjectStore } from '../storage/object-store.ts';
import { manifestKey } from '../flow/keys.ts';
import { maxManifestBytes, type Manifest } from './manifest.ts';
import { parseManifest } from './parse-manifest.ts';

export interface StoredManifest {
  manifest: Manifest;
  /** Properties of the manifest object: hex, bytes, and the store's ETag. */
  sha256: string;
  size: number;
  etag: string;
}

export type ManifestReading =
  | { found: true; stored: StoredManifest }
  | { found: false; reason: 'results-missing' | 'results-changed'; message: string };

/** One request. A manifest that is missing or malformed is a result, not an error. Throws what the store throws. */
export async function readManifest(
  { store, flow, attempt }: { store: ObjectStore; flow: string; attempt: string },
  signal: AbortSignal,
): Promise<ManifestReading> {
  const object = await store.read(manifestKey(flow, attempt), maxManifestBytes, signal);
  if (object === undefined) return missing();
  const { bytes, size, etag } = object;
  if (bytes === undefined || size === 0)
    return changed(`the manifest has ${size} bytes; expected 1 to ${maxManifestBytes}`);
  const parsed = parseManifest(bytes);
  if ('problem' in parsed) return changed(`the manifest is malformed: ${parsed.problem}`);
  const { manifest } = parsed;
  if (manifest.flow !== flow || manifest.attempt !== attempt)
    return changed('the manifest is of another attempt');
  const sha256 = hash('sha256', bytes, 'hex');
  return { found: true, stored: { manifest, sha256, size, etag } };
}

function missing(): ManifestReading {
  return { found: false, reason: 'results-missing', message: 'the store holds no manifest of this attempt' };
}

function changed(message: string): ManifestReading {
  return { found: false, reason: 'results-changed', message };
}
