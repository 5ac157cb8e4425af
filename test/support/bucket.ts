import { buffer } from 'node:stream/consumers';
import type { Client } from 'minio';
import { readLogKey } from '../../src/flow/keys.ts';
import type { FlowRecord } from '../../src/flow/record.ts';
import { openUploads, s3Client, storedKeys } from './s3-client.ts';
import type { Servers } from './servers.ts';

/** The bucket of a world, read and written with the operator's keys. */
export class Bucket {
  readonly name: string;
  readonly #client: Client;

  constructor(name: string, s3: Omit<Servers['s3'], 'podEndpoint' | 'credentials'>) {
    this.name = name;
    this.#client = s3Client(s3, s3);
  }

  /** With the operator's keys. */
  get client(): Client {
    return this.#client;
  }

  async create(): Promise<void> {
    await this.#client.makeBucket(this.name);
  }

  /** Deletes the bucket and its content. Succeeds if it is gone. */
  async destroy(): Promise<void> {
    if (!(await this.#client.bucketExists(this.name))) return;
    const keys = await this.keys();
    if (keys.length > 0) await this.#client.removeObjects(this.name, keys);
    await this.#client.removeBucket(this.name);
  }

  async keys(prefix = ''): Promise<string[]> {
    return await storedKeys({ client: this.#client, bucket: this.name }, prefix);
  }

  async read(key: string): Promise<Buffer> {
    return await buffer(await this.#client.getObject(this.name, key));
  }

  async write(key: string, content: Buffer | string): Promise<void> {
    await this.#client.putObject(this.name, key, Buffer.from(content));
  }

  /** The record of a flow; undefined before it is written. */
  async record(flow: string): Promise<FlowRecord | undefined> {
    const key = `flows/${flow}/record.json`;
    if (!(await this.keys(key)).includes(key)) return undefined;
    return JSON.parse((await this.read(key)).toString('utf8')) as FlowRecord;
  }

  /** The keys of a flow's results: all of its keys but the record and the progress of its attempts. */
  async results(flow: string): Promise<string[]> {
    const keys = await this.keys(`flows/${flow}/`);
    return keys.filter((key) => !/\/(record|progress)\.json$/.test(key));
  }

  /** The keys of a flow's files and manifests: its results without the logs of its attempts. */
  async files(flow: string): Promise<string[]> {
    const keys = await this.results(flow);
    return keys.filter((key) => readLogKey(key) === undefined);
  }

  /** Keys of a flow's open multipart uploads. Lists those of the whole bucket, since MinIO lists uploads by whole keys only. */
  async openUploads(flow: string): Promise<string[]> {
    return await this.openUploadsBelow(`flows/${flow}/`);
  }

  async openUploadsBelow(prefix: string): Promise<string[]> {
    const keys = await openUploads({ client: this.#client, bucket: this.name });
    return keys.filter((key) => key.startsWith(prefix));
  }
}
