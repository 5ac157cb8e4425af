import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { addressType, buildSourceRequest, property } from './data-address.ts';
import { openSource } from './open-source.ts';
import type { SimulatorContext } from './simulator-context.ts';
import type { TransferProcess } from './transfer-process.ts';

export interface Asset {
  /** Content at the asset's own address. It must never reach a consumer. */
  readonly ownContent: Buffer | string;
}

/** One fetch of the consumer. */
export interface Received {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly contentType: string | undefined;
}

/** Fetches from a process's content address, as the connector's data plane does. */
export class DataPlane {
  readonly #context: SimulatorContext;
  readonly #assets: Readonly<Record<string, Asset>>;
  readonly #running = new Set<Promise<void>>();
  readonly #received = new Map<string, Received[]>();

  constructor(context: SimulatorContext, assets: Readonly<Record<string, Asset>>) {
    this.#context = context;
    this.#assets = assets;
  }

  /** Starts the flow of a STARTING process: a push fetches at once, a pull when the consumer requests it. */
  start(process: TransferProcess): void {
    const { store, settings, profile } = this.#context;
    const type = process.contentAddress ? addressType(process.contentAddress) : settings.entryType;
    const isS3 = type === 'AmazonS3' && settings.openS3 !== undefined && process.mode === 'push';
    if (type !== 'HttpData' && !isS3) {
      store.move(process, 'TERMINATING', profile.noDataPlane);
      return;
    }
    process.consumer = { state: 'STARTED' };
    store.move(process, 'STARTED');
    if (process.mode === 'pull') return;
    const push = this.#push(process).finally(() => this.#running.delete(push));
    this.#running.add(push);
  }

  /** Fetches for the consumer of a started pull transfer; may be repeated. Throws the error that the consumer gets as a 500. */
  async pull(process: TransferProcess): Promise<Received> {
    if (process.state !== 'STARTED' || process.mode !== 'pull') {
      throw new Error(`transfer ${process.id} is no started pull but a ${process.mode} in ${process.state}`);
    }
    return this.#fetch(process);
  }

  received(id: string): readonly Received[] {
    return [...(this.#received.get(id) ?? [])];
  }

  /** Resolves when no push is running. */
  async idle(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #push(process: TransferProcess): Promise<void> {
    const { store, signal } = this.#context;
    const problem = await this.#fetch(process).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    if (signal.aborted || !store.has(process) || process.state !== 'STARTED') return;
    if (problem !== undefined) {
      store.move(process, 'TERMINATING', problem);
      return;
    }
    process.consumer = { state: 'COMPLETED' };
    store.move(process, 'COMPLETED');
  }

  async #fetch(process: TransferProcess): Promise<Received> {
    const { journal, settings, store, signal } = this.#context;
    const source = await this.#source(process);
    const earlier = this.#received.get(process.id) ?? [];
    this.#received.set(process.id, earlier);
    const path = join(settings.sinkFolder, `${process.id}-${earlier.length + 1}`);
    const written = await writeSink(source.stream, path, signal);
    const received = { path, contentType: source.contentType, ...written };
    earlier.push(received);
    journal.emit({ kind: 'received', transferProcessId: process.id, path, ...written });
    store.changed();
    return received;
  }

  async #source(process: TransferProcess): Promise<{ stream: Readable; contentType: string | undefined }> {
    if (process.contentAddress === undefined) {
      const own = this.#assets[process.assetId]?.ownContent ?? '';
      return { stream: Readable.from([Buffer.from(own)]), contentType: 'application/octet-stream' };
    }
    const { openS3, vault } = this.#context.settings;
    const { contentAddress } = process;
    if (openS3 !== undefined && addressType(contentAddress) === 'AmazonS3') {
      process.counts.source += 1;
      const secret = vault?.get(property(contentAddress, 'keyName') ?? '');
      return { stream: await openS3(contentAddress, secret), contentType: undefined };
    }
    const source = buildSourceRequest(contentAddress);
    if (!source.ok) throw new Error(source.problem);
    return openSource(this.#context, process, source);
  }
}

/** Writes a stream to a file, in constant memory. */
async function writeSink(
  source: Readable,
  path: string,
  signal: AbortSignal,
): Promise<Pick<Received, 'bytes' | 'sha256'>> {
  const hash = createHash('sha256');
  let bytes = 0;
  async function* measure(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  }
  await pipeline(source, measure, createWriteStream(path), { signal });
  return { bytes, sha256: hash.digest('hex') };
}
