import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { ServiceError } from '../errors.ts';
import type { Upload } from '../http/routes/api/uploads/upload-schema.ts';
import type { ApiClient } from './api-client.ts';
import { readJsonBody } from './read-answer.ts';

/** Sends a file as it is read; what fails for the moment is sent again from its start. Compares the digest of what the service has stored. */
export async function uploadFile(client: ApiClient, path: string, signal: AbortSignal): Promise<Upload> {
  const patience = client.newPatience();
  for (;;) {
    signal.throwIfAborted();
    try {
      return await attempt(client, path, signal);
    } catch (error) {
      await patience.wait(error, signal);
    }
  }
}

async function attempt(client: ApiClient, path: string, signal: AbortSignal): Promise<Upload> {
  await using file = await open(path);
  const { size } = await file.stat();
  const sha256 = createHash('sha256');
  const answer = await client.open(
    {
      method: 'POST',
      path: `/uploads?name=${encodeURIComponent(basename(path))}`,
      headers: { 'content-type': 'application/octet-stream', 'content-length': String(size) },
      stream: Readable.from(hashed(file, sha256), { objectMode: false }),
    },
    signal,
  );
  const upload = (await readJsonBody(answer.body)) as Upload;
  const digest = sha256.digest('hex');
  if (upload.sha256 === digest) return upload;
  throw new ServiceError(
    'internal',
    `${path}: expected the sha256 ${digest}, the service has stored ${upload.sha256}`,
  );
}

async function* hashed(file: FileHandle, sha256: ReturnType<typeof createHash>): AsyncGenerator<Buffer> {
  const chunks = file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>;
  for await (const chunk of chunks) {
    sha256.update(chunk);
    yield chunk;
  }
}
