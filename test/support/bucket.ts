import { buffer } from 'node:stream/consumers';
import type { Client } from 'minio';
import type { FlowRecord } from '../../src/flow/record.ts';
import { s3Client } from './s3-client.ts';
import type { Servers } from './servers.ts';

/** What a world's bucket holds, seen with the operator's keys. */
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

  /** With all that is in it, as an operator does who has the wrong one selected. No error if it is gone. */
  async destroy(): Promise<void> {
    if (!(await this.#client.bucketExists(this.name))) return;
    const keys = await this.keys();
    if (keys.length > 0) await this.#client.removeObjects(this.name, keys);
    await this.#client.removeBucket(this.name);
  }

  async keys(prefix = ''): Promise<string[]> {
    const found = this.#client.listObjectsV2(this.name, prefix, true) as AsyncIterable<{ name?: string }>;
    const keys: string[] = [];
    for await (const { name } of found) if (name !== undefined) keys.push(name);
    return keys;
  }

  async read(key: string): Promise<Buffer> {
    return await buffer(await this.#client.getObject(this.name, key));
  }

  async write(key: string, content: Buffer | string): Promise<void> {
    await this.#client.putObject(this.name, key, Buffer.from(content));
  }

  /** What the bucket remembers of a flow; undefined before it is recorded. */
  async record(flow: string): Promise<FlowRecord | undefined> {
    const key = `flows/${flow}/record.json`;
    if (!(await this.keys(key)).includes(key)) return undefined;
    return JSON.parse((await this.read(key)).toString('utf8')) as FlowRecord;
  }

  /** Of a flow: all but its record, hence its results. */
  async results(flow: string): Promise<string[]> {
    const keys = await this.keys(`flows/${flow}/`);
    return keys.filter((key) => !key.endsWith('/record.json'));
  }

  /** Keys of a flow's multipart uploads that are neither completed nor aborted; of all, since MinIO lists by nothing less than a key. */
  async openUploads(flow: string): Promise<string[]> {
    const found = this.#client.listIncompleteUploads(this.name, '', true) as AsyncIterable<{ key: string }>;
    const keys: string[] = [];
    for await (const { key } of found) if (key.startsWith(`flows/${flow}/`)) keys.push(key);
    return keys;
  }
}
