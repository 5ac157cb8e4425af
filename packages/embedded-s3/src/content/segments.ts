import { randomUUID } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

/**
 * Content in a file of its own. An object is a list of segments: the parts of a multipart upload become an object
 * without a copy, and copies of an object share them. The file is removed with its last holder.
 */
export interface Segment {
  readonly file: string;
  readonly size: number;
  holders: number;
}

export interface SegmentWriter {
  write(chunk: Buffer): Promise<void>;
  /** Closes the file. Empty content has none. */
  finish(): Promise<readonly Segment[]>;
  /** Removes the file of an upload that failed. */
  discard(): Promise<void>;
}

const gathered = 1 << 20;

/** Writes to a file with a random name in the folder, so that no key becomes a path. Opens it with the first byte. */
export function createSegmentWriter(directory: string): SegmentWriter {
  const file = path.join(directory, randomUUID());
  let handle: FileHandle | undefined;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let size = 0;
  let writing: Promise<void> = Promise.resolve();

  async function flush(buffers: Buffer[]): Promise<void> {
    handle ??= await open(file, 'wx', 0o600);
    await writeAll(handle, buffers);
  }

  // One write at a time runs while the next chunks are received and hashed: this bounds the memory.
  async function push(): Promise<void> {
    const buffers = waiting;
    waiting = [];
    waitingBytes = 0;
    await writing;
    writing = flush(buffers);
    writing.catch(() => undefined);
  }

  return {
    async write(chunk) {
      waiting.push(chunk);
      waitingBytes += chunk.length;
      size += chunk.length;
      if (waitingBytes >= gathered) await push();
    },
    async finish() {
      if (waiting.length > 0) await push();
      await writing;
      await handle?.close();
      return size === 0 ? [] : [{ file, size, holders: 1 }];
    },
    async discard() {
      await writing.catch(() => undefined);
      if (handle === undefined) return;
      await handle.close().catch(() => undefined);
      await unlink(file).catch(() => undefined);
    },
  };
}

export function holdSegments(segments: readonly Segment[]): void {
  for (const segment of segments) segment.holders += 1;
}

export function releaseSegments(segments: readonly Segment[]): void {
  for (const segment of segments) {
    segment.holders -= 1;
    // A file that cannot be removed now is removed with the folder.
    if (segment.holders === 0) void unlink(segment.file).catch(() => undefined);
  }
}

async function writeAll(handle: FileHandle, buffers: Buffer[]): Promise<void> {
  const wanted = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
  const { bytesWritten } = await handle.writev(buffers);
  if (bytesWritten === wanted) return;
  const rest = Buffer.concat(buffers).subarray(bytesWritten);
  for (let from = 0; from < rest.length;) from += (await handle.write(rest, from)).bytesWritten;
}
