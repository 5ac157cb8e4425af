import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'minio';
import { startStore } from '../src/start-store.ts';
import { sendSigned, type Reply, type SignedRequest } from './signed-request.ts';

export const keys = { accessKeyId: 'operator', secretAccessKey: 'operator-secret' };
export const bucket = 'results';

export interface OpenStore extends AsyncDisposable {
  readonly url: string;
  readonly client: Client;
  /** The clock of the store: tests move it instead of waiting. */
  readonly clock: { now: number };
  /** Sends a request signed for the clock of the store, with the operator's keys by default. */
  send(request: SignedRequest): Promise<Reply>;
  /** How many files the store keeps. */
  files(): Promise<number>;
  stop(): Promise<void>;
}

/** A store with one empty bucket, in a folder that goes with it. */
export async function openStore(options: { partSize?: number } = {}): Promise<OpenStore> {
  const directory = await mkdtemp(join(tmpdir(), 'edc-jp-store-'));
  const clock = { now: Date.now() };
  const store = await startStore({ directory, ...keys, now: () => clock.now });
  const { hostname, port } = new URL(store.url);
  const client = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey: keys.accessKeyId,
    secretKey: keys.secretAccessKey,
    region: 'us-east-1',
    ...options,
  });
  await client.makeBucket(bucket);
  return {
    url: store.url,
    client,
    clock,
    send: (request) => sendSigned(store.url, { keys, time: clock.now, ...request }),
    async files() {
      const folders = await readdir(directory);
      const found = await Promise.all(folders.map((folder) => readdir(join(directory, folder))));
      return found.flat().length;
    },
    stop: () => store.stop(),
    async [Symbol.asyncDispose]() {
      await store.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** In the pieces a file would be read in: minio-js never cuts one up, however large. */
export function piecesOf(content: Buffer): Buffer[] {
  const size = 64 * 1024;
  return Array.from({ length: Math.ceil(content.length / size) }, (_, at) =>
    content.subarray(at * size, (at + 1) * size),
  );
}
