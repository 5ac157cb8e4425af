import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { decodeKey, fileKey, type ManifestFile } from '../result/manifest.ts';
import type { ObjectInfo, ObjectStore } from '../storage/object-store.ts';
import { readReceived, receivedPrefix, type InboxOfFlow } from './received-file.ts';

export interface Collection {
  store: ObjectStore;
  inbox: InboxOfFlow;
  /** Of a file whose receiver died before it wrote that down. RFC 3339. */
  otherwiseAt: string;
}

/** The files of an inbox, as the manifest lists them. */
export async function collectFiles(collection: Collection, signal: AbortSignal): Promise<ManifestFile[]> {
  const { store, inbox } = collection;
  const files: ManifestFile[] = [];
  const prefix = fileKey(inbox.flow, inbox.attempt, '');
  for await (const object of store.list(prefix, signal))
    files.push(await describe(collection, { ...object, file: object.key.slice(prefix.length) }, signal));
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Removes what is not needed any more once the manifest is there. */
export async function removeDescriptions(
  { store, inbox }: Pick<Collection, 'store' | 'inbox'>,
  signal: AbortSignal,
): Promise<void> {
  await store.remove(keysOf(store, receivedPrefix(inbox), signal), signal);
}

async function* keysOf(store: ObjectStore, prefix: string, signal: AbortSignal): AsyncGenerator<string> {
  for await (const { key } of store.list(prefix, signal)) yield key;
}

/** The bytes are read only if their receiver died, or if two wrote the same file at once: what is written down is of other bytes then. */
async function describe(
  { store, inbox, otherwiseAt }: Collection,
  object: ObjectInfo & { file: string },
  signal: AbortSignal,
): Promise<ManifestFile> {
  const { file, size, etag } = object;
  const path = decodeKey(file);
  const received = await readReceived({ store, inbox, name: path }, signal);
  const isSame = received?.etag === etag && received.size === size;
  const { sha256, crc32 } = isSame ? received : await readSums(store, object, signal);
  const modifiedAt = isSame ? received.receivedAt : otherwiseAt;
  return { path, key: file, size, sha256, crc32, etag, modifiedAt };
}

async function readSums(
  store: ObjectStore,
  { key, size, etag }: ObjectInfo,
  signal: AbortSignal,
): Promise<Pick<ManifestFile, 'sha256' | 'crc32'>> {
  const sha256 = createHash('sha256');
  let checksum = 0;
  const range = { first: 0, last: size - 1, etag };
  const chunks: AsyncIterable<Buffer> | Buffer[] = size === 0 ? [] : await store.get(key, range, signal);
  for await (const chunk of chunks) {
    sha256.update(chunk);
    checksum = crc32(chunk, checksum);
  }
  return { sha256: sha256.digest('hex'), crc32: checksum.toString(16).padStart(8, '0') };
}
