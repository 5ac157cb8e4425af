import { messageOf } from '../errors.ts';
import type { PushResult } from './types.ts';

export interface Transfer {
  /** Transfers to the same sink share its places in the pool: the origin of its URL. */
  sink: string;
  run: (signal: AbortSignal, onProgress: (bytes: number) => void) => Promise<PushResult>;
}

export type TransferState =
  { state: 'queued' } | { state: 'running'; bytes: number } | { state: 'ended'; result: PushResult };

export interface PoolOptions {
  /** Transfers that run at once. */
  concurrency: number;
  /** Of these, the transfers to one sink, so that a slow one leaves places for others. */
  perSink: number;
  /** Called after each end, also that of an aborted transfer. */
  onEnd: (flow: string) => void;
}

interface Entry extends Transfer {
  flow: string;
  state: TransferState;
  stop: AbortController;
  /** Resolves when `run` has ended. */
  ended: PromiseWithResolvers<undefined>;
}

/** Runs transfers in the order of their starts, one for each flow. Keeps no timers: a transfer has its own bounds. */
export class TransferPool {
  readonly #options: PoolOptions;
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => void this.close();
  /** In the order of their starts. */
  readonly #entries = new Map<string, Entry>();
  readonly #running = new Set<Entry>();
  #isClosed: boolean;

  /** Closes when the signal aborts. */
  constructor(options: PoolOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#isClosed = signal.aborted;
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** False if the pool is closed, or if the flow has a transfer already, also one that has ended and was not taken. */
  start(flow: string, transfer: Transfer): boolean {
    if (this.#isClosed || this.#entries.has(flow)) return false;
    const ended = Promise.withResolvers<undefined>();
    const stop = new AbortController();
    this.#entries.set(flow, { ...transfer, flow, state: { state: 'queued' }, stop, ended });
    this.#startQueued();
    return true;
  }

  stateOf(flow: string): TransferState | undefined {
    return this.#entries.get(flow)?.state;
  }

  /** The result of a transfer that has ended. It is forgotten, so that the flow may start another one. */
  take(flow: string): PushResult | undefined {
    const state = this.#entries.get(flow)?.state;
    if (state?.state !== 'ended') return undefined;
    this.#entries.delete(flow);
    return state.result;
  }

  /** Stops the bytes at once and forgets the transfer, also one that has ended. Resolves when nothing of it runs any more. */
  async abort(flow: string): Promise<void> {
    const entry = this.#entries.get(flow);
    if (entry === undefined) return;
    entry.stop.abort(new Error('the transfer was stopped'));
    if (this.#running.has(entry)) await entry.ended.promise;
    else this.#entries.delete(flow);
  }

  /** Aborts all transfers and starts no other. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#signal.removeEventListener('abort', this.#onAbort);
    await Promise.all([...this.#entries.keys()].map((flow) => this.abort(flow)));
  }

  #startQueued(): void {
    for (const entry of this.#entries.values()) {
      if (this.#running.size >= this.#options.concurrency) return;
      if (entry.state.state === 'queued' && this.#hasPlace(entry)) void this.#run(entry);
    }
  }

  #hasPlace({ sink }: Entry): boolean {
    return [...this.#running].filter((one) => one.sink === sink).length < this.#options.perSink;
  }

  async #run(entry: Entry): Promise<void> {
    const running = { state: 'running' as const, bytes: 0 };
    entry.state = running;
    this.#running.add(entry);
    const result = await resultOf(entry, (bytes) => {
      running.bytes = bytes;
    });
    entry.state = { state: 'ended', result };
    this.#running.delete(entry);
    if (entry.stop.signal.aborted) this.#entries.delete(entry.flow);
    entry.ended.resolve(undefined);
    if (!this.#isClosed) this.#startQueued();
    this.#options.onEnd(entry.flow);
  }
}

async function resultOf({ run, stop }: Entry, onProgress: (bytes: number) => void): Promise<PushResult> {
  try {
    return await run(stop.signal, onProgress);
  } catch (error) {
    return { result: 'interrupted', problem: messageOf(error), attempts: 0 };
  }
}
