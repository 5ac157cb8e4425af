import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Readable } from 'node:stream';
import { ServiceError } from '../../../src/errors.ts';
import { manifestKey } from '../../../src/flow/keys.ts';
import type { SidecarReport } from '../../../src/flow/sidecar-report.ts';
import { encodeKey, fileKey, type Manifest } from '../../../src/result/manifest.ts';
import type { ObjectInfo, ObjectStore, WholeObject } from '../../../src/storage/object-store.ts';

/** What a bucket holds, key → bytes; a tag is the hash of the bytes. Tests change it between two calls. */
export type Objects = Map<string, Buffer>;

export interface MemoryStore extends ObjectStore {
  objects: Objects;
  /** Keys of `get` and `read`, in order. */
  reads: string[];
  /** Streams that `get` gave and that are not closed yet. */
  open: Set<Readable>;
  get(...read: Parameters<ObjectStore['get']>): Promise<Readable>;
}

/** An ObjectStore in memory with the interface's own promises; small chunks, so that streams come in pieces. */
export function memoryStore(objects: Objects = new Map(), chunkBytes = 7): MemoryStore {
  const open = new Set<Readable>();
  const reads: string[] = [];
  return {
    objects,
    reads,
    open,
    async get(key, part, signal) {
      await Promise.resolve();
      signal.throwIfAborted();
      reads.push(key);
      const bytes = objects.get(key);
      if (bytes === undefined) throw new ServiceError('object-missing', 'no such object');
      if (part.etag !== etagOf(bytes)) throw new ServiceError('precondition-failed', 'another object');
      const stream = Readable.from(chunks(bytes.subarray(part.first, part.last + 1), chunkBytes));
      open.add(stream);
      stream.once('close', () => open.delete(stream));
      signal.addEventListener('abort', () => stream.destroy(new Error('aborted')));
      return stream;
    },
    head: (key) => Promise.resolve(whole(key, objects.get(key), -1)),
    put: ({ key, body }) => {
      objects.set(key, body);
      return Promise.resolve({ etag: etagOf(body) });
    },
    async *list(prefix) {
      await Promise.resolve();
      for (const key of [...objects.keys()].sort()) {
        if (key.startsWith(prefix)) yield info(key, objects.get(key) ?? Buffer.alloc(0));
      }
    },
    async remove(keys) {
      for await (const key of keys) objects.delete(key);
    },
    async read(key, limitBytes, signal) {
      await Promise.resolve();
      signal.throwIfAborted();
      reads.push(key);
      return whole(key, objects.get(key), limitBytes);
    },
    abortUploads: () => Promise.resolve(0),
    presignGet: (key, options) => Promise.resolve(presigned(key, options)),
    presignPart: () => Promise.reject(new Error('these objects have no parts')),
    check: () => Promise.resolve(),
  };
}

function presigned(key: string, options: { expirySeconds: number; fileName: string }): string {
  return `https://store.example/${key}?expires=${options.expirySeconds}&name=${options.fileName}`;
}

function whole(key: string, bytes: Buffer | undefined, limitBytes: number): WholeObject | undefined {
  return bytes && { ...info(key, bytes), ...(bytes.length > limitBytes ? {} : { bytes }) };
}

function info(key: string, bytes: Buffer): ObjectInfo {
  return { key, size: bytes.length, etag: etagOf(bytes) };
}

function* chunks(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield Buffer.from(bytes.subarray(at, at + size));
}

function etagOf(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}

export const flow = 'flow-aaaabbbbccccddddeeeeffff22';
export const attempt = '0b5f1f0e-6d5c-4a43-9d35-2d0e6f6b7a11';

/** What a sidecar leaves: files, manifest last, and its report. */
export function sidecarWrites(files: Record<string, Buffer>): {
  objects: Objects;
  manifest: Manifest;
  report: ReportOfManifest;
} {
  const objects: Objects = new Map();
  const manifest: Manifest = { version: 1, flow, attempt, createdAt: '2026-01-02T03:04:05Z', files: [] };
  for (const path of Object.keys(files).sort()) {
    const bytes = files[path] ?? Buffer.alloc(0);
    const key = encodeKey(path);
    objects.set(fileKey(flow, attempt, key), bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const sum = crc32(bytes).toString(16).padStart(8, '0');
    manifest.files.push({
      path,
      key,
      size: bytes.length,
      sha256,
      crc32: sum,
      etag: etagOf(bytes),
      modifiedAt: '2026-01-02T03:04:06.500Z',
    });
  }
  return { objects, manifest, report: writeManifest(objects, manifest) };
}

type ReportOfManifest = Extract<SidecarReport, { manifest: unknown }>['manifest'];

export function writeManifest(objects: Objects, manifest: unknown): ReportOfManifest {
  const bytes = Buffer.from(JSON.stringify(manifest));
  objects.set(manifestKey(flow, attempt), bytes);
  const { files } = manifest as Manifest;
  return {
    sha256: createHash('sha256').update(bytes).digest('hex'),
    etag: etagOf(bytes),
    files: files.length,
    bytes: files.reduce((sum, file) => sum + file.size, 0),
  };
}
