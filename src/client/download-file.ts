import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, rm, utimes, type FileHandle } from 'node:fs/promises';
import { messageOf, ServiceError } from '../errors.ts';
import type { Results } from '../http/routes/api/jobs/result-schema.ts';
import { RefusedError, type ApiClient, type OpenAnswer } from './api-client.ts';
import { TransientError, type Patience } from './patience.ts';
import { printableLine } from './printable.ts';
import { openTemporary, publish, type Target } from './result-folder.ts';

export type ResultFile = Results['files'][number];

export interface Download {
  client: ApiClient;
  file: ResultFile;
  target: Target;
  /** Bytes that came, or that were there; negative for those that turned out to be wrong. */
  onBytes: (count: number) => void;
}

/** Bytes of a file that are stored, and their digest so far. */
interface Part {
  handle: FileHandle;
  size: number;
  digest: Hash;
}

/**
 * Writes to the temporary name, continues there after a break, also one of an earlier process, and renames when the sha256 is right. A
 * file that is there already is left as it is.
 */
export async function downloadFile(download: Download, signal: AbortSignal): Promise<'fetched' | 'present'> {
  const { file, target, onBytes } = download;
  if (await isPresent(download)) {
    onBytes(file.size);
    return 'present';
  }
  const first = await fetchWhole(download, signal);
  // What an earlier process has left may be damaged, for example by a power failure.
  const whole = !first.right && first.resumed ? await fetchWhole(download, signal) : first;
  if (!whole.right)
    throw new ServiceError(
      'internal',
      `${printableLine(file.path)}: expected the sha256 ${file.sha256}, received other bytes; nothing was kept`,
    );
  await utimes(target.temporary, new Date(), new Date(file.modifiedAt));
  await publish(target);
  return 'fetched';
}

async function isPresent({ file, target }: Download): Promise<boolean> {
  const found = await lstat(target.path).catch(() => undefined);
  if (found?.isFile() !== true || found.size !== file.size) return false;
  const digest = createHash('sha256');
  for await (const chunk of createReadStream(target.path)) digest.update(chunk as Buffer);
  return digest.digest('hex') === file.sha256;
}

async function fetchWhole(
  download: Download,
  signal: AbortSignal,
): Promise<{ right: boolean; resumed: boolean }> {
  const { client, file, target, onBytes } = download;
  const handle = await openTemporary(target.temporary);
  try {
    const part = await loadPart(handle, file);
    const resumed = part.size > 0;
    onBytes(part.size);
    const patience = client.newPatience();
    while (part.size < file.size) await fetchMore(download, { part, patience }, signal);
    if (part.digest.digest('hex') === file.sha256) return { right: true, resumed };
    onBytes(-part.size);
    await rm(target.temporary, { force: true });
    return { right: false, resumed };
  } finally {
    await handle.close();
  }
}

async function loadPart(handle: FileHandle, { size: whole }: ResultFile): Promise<Part> {
  const part = { handle, size: 0, digest: createHash('sha256') };
  const { size } = await handle.stat();
  if (size > whole) await handle.truncate(0);
  else if (size > 0) {
    for await (const chunk of handle.createReadStream({ start: 0, autoClose: false })) {
      part.digest.update(chunk as Buffer);
      part.size += (chunk as Buffer).length;
    }
  }
  return part;
}

/** One request. Returns early after a break, with what has come until then. */
async function fetchMore(
  { client, file, onBytes }: Download,
  { part, patience }: { part: Part; patience: Patience },
  signal: AbortSignal,
): Promise<void> {
  try {
    const answer = await client.open(requestFor(client, { file, part }), signal);
    startAt(answer, { part, onBytes });
    for await (const chunk of received(answer)) {
      if (part.size + chunk.length > file.size)
        throw new ServiceError(
          'internal',
          `${printableLine(file.path)}: expected ${file.size} bytes, received more`,
        );
      await writeAll(part, chunk);
      part.digest.update(chunk);
      part.size += chunk.length;
      onBytes(chunk.length);
      patience.reset();
    }
    if (part.size < file.size) throw new TransientError('the download ended early');
  } catch (error) {
    if (error instanceof RefusedError && error.status === 416) startAgain(part, onBytes);
    else await patience.wait(error, signal);
  }
}

/** `If-Range`: the ETag of a file is its sha256. If it is another one, the whole file is sent. */
function requestFor(client: ApiClient, { file, part }: { file: ResultFile; part: Part }) {
  const path = client.pathOf(file.href);
  const headers = { range: `bytes=${part.size}-`, 'if-range': `"${file.sha256}"` };
  return { path, headers: part.size === 0 ? {} : headers };
}

type Reset = Pick<Download, 'onBytes'> & { part: Part };

function startAt({ status, headers, body }: OpenAnswer, { part, onBytes }: Reset): void {
  if (status !== 206) {
    startAgain(part, onBytes);
    return;
  }
  const [, from] = /^bytes (\d+)-/.exec(String(headers['content-range'])) ?? [];
  if (Number(from) === part.size) return;
  body.destroy();
  throw new ServiceError(
    'internal',
    `Content-Range: expected one from ${part.size}, received ${from ?? 'none'}`,
  );
}

function startAgain(part: Part, onBytes: Download['onBytes']): void {
  onBytes(-part.size);
  part.size = 0;
  part.digest = createHash('sha256');
}

/** A connection that breaks is another matter than a disk that is full. */
async function* received({ body }: OpenAnswer): AsyncGenerator<Buffer> {
  try {
    yield* body as AsyncIterable<Buffer>;
  } catch (error) {
    throw new TransientError(`the download broke off: ${messageOf(error)}`, { cause: error });
  }
}

async function writeAll({ handle, size }: Part, chunk: Buffer): Promise<void> {
  let written = 0;
  while (written < chunk.length) {
    const { bytesWritten } = await handle.write(chunk, written, chunk.length - written, size + written);
    written += bytesWritten;
  }
}
