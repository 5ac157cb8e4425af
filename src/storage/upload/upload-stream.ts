import { createHash, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { ServiceError } from '../../errors.ts';
import type { StoreAccess } from './ask-store.ts';
import {
  abortUpload,
  beginUpload,
  completeUpload,
  maxParts,
  partSizeOf,
  putPart,
  type MultipartUpload,
  type Part,
} from './multipart-upload.ts';
import { putObject } from './put-object.ts';

export interface StreamToUpload {
  store: StoreAccess;
  key: string;
  /** Undefined: the end of the bytes says how many there are, and 80 GiB is the most. */
  size: number | undefined;
  maxBytes: number;
  /** The setting that `maxBytes` comes from, for the message. */
  limit: string;
}

export interface StoredStream {
  size: number;
  sha256: string;
  crc32: string;
  etag: string;
}

const abortMillis = 2000;

/** Stores bytes as they arrive, in parts, one after the other: one buffer is all the memory that it takes. */
export class StreamUpload {
  readonly #stream: StreamToUpload;
  readonly #buffer: Buffer;
  readonly #sha256: Hash = createHash('sha256');
  readonly #parts: Part[] = [];
  #filled = 0;
  #crc32 = 0;
  #multipart: MultipartUpload | undefined;
  /** Bytes taken so far. */
  size = 0;

  /** Throws `payload-too-large`, as `write` does. */
  constructor(stream: StreamToUpload) {
    this.#stream = stream;
    this.#checkSize(stream.size ?? 0);
    this.#buffer = Buffer.allocUnsafe(partSizeOf(stream.size ?? 0));
  }

  /** Resolves when there is room for the next chunk. After an error the upload can only be aborted. */
  async write(chunk: Buffer, signal: AbortSignal): Promise<void> {
    this.#checkSize(this.size + chunk.length);
    this.#sha256.update(chunk);
    this.#crc32 = crc32(chunk, this.#crc32);
    this.size += chunk.length;
    for (let start = 0; start < chunk.length;) {
      if (this.#filled === this.#buffer.length) await this.#sendPart(signal);
      const copied = chunk.copy(this.#buffer, this.#filled, start);
      this.#filled += copied;
      start += copied;
    }
  }

  /** Of the bytes taken so far, in hex. */
  sha256(): string {
    return this.#sha256.copy().digest('hex');
  }

  /** The object is there once this resolves. */
  async finish(signal: AbortSignal): Promise<StoredStream> {
    const { store, key } = this.#stream;
    const etag =
      this.#multipart === undefined
        ? await putObject(store, { key, payload: this.#payload() }, signal)
        : await this.#complete(this.#multipart, signal);
    const { size } = this;
    return { size, sha256: this.sha256(), crc32: hex(this.#crc32), etag };
  }

  /** Its parts would take space. A failure is not reported: the uploads of a flow are aborted with its results. */
  async abort(): Promise<void> {
    const multipart = this.#multipart;
    if (multipart === undefined) return;
    this.#multipart = undefined;
    await abortUpload(this.#stream.store, multipart, AbortSignal.timeout(abortMillis)).catch(() => undefined);
  }

  async #complete(multipart: MultipartUpload, signal: AbortSignal): Promise<string> {
    if (this.#filled > 0) await this.#sendPart(signal);
    return await completeUpload(this.#stream.store, { ...multipart, parts: this.#parts }, signal);
  }

  async #sendPart(signal: AbortSignal): Promise<void> {
    const { store, key } = this.#stream;
    if (this.#parts.length === maxParts)
      throw new ServiceError(
        'payload-too-large',
        `more than ${maxParts} parts of ${this.#buffer.length} bytes`,
      );
    this.#multipart ??= await beginUpload(store, { key, checksums: true }, signal);
    const number = this.#parts.length + 1;
    this.#parts.push(await putPart(store, { ...this.#multipart, number, payload: this.#payload() }, signal));
    this.#filled = 0;
  }

  #checkSize(size: number): void {
    const { maxBytes, limit } = this.#stream;
    if (size > maxBytes)
      throw new ServiceError('payload-too-large', `expected at most ${maxBytes} bytes (${limit})`);
  }

  #payload(): { bytes: Buffer; crc32: number } {
    const bytes = this.#buffer.subarray(0, this.#filled);
    return { bytes, crc32: crc32(bytes) };
  }
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, '0');
}
