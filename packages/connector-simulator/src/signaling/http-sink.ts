import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EndpointAddress } from './endpoint-address.ts';
import { Measure, type Measured } from './measure.ts';

const host = '127.0.0.1';
const keptUploads = 1000;

/** What the sink does with an upload instead of a 200. */
export type SinkFault =
  /** Answers once `afterBytes` have come; default: all. */
  | { readonly kind: 'status'; readonly status: number; readonly afterBytes?: number; readonly body?: string }
  /** Drops the connection once `afterBytes` have come, 0 for at once. */
  | { readonly kind: 'drop'; readonly afterBytes: number }
  /** Never answers, and reads no more once `afterBytes` have come; default: all. */
  | { readonly kind: 'hang'; readonly afterBytes?: number };

/** One upload, complete or not. */
export interface Upload extends Measured {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Undefined: there was no answer. */
  readonly status: number | undefined;
  /** The whole body came. */
  readonly complete: boolean;
}

export interface SinkOptions {
  /** Expected as `Authorization: Bearer …`; others are answered 401. Default: none. */
  readonly token?: string;
  /** Keeps the content of uploads in memory. */
  readonly keep?: boolean;
  /** Of a good answer; default: 200. */
  readonly status?: number;
  /** Called at the end of each upload, complete or not. */
  readonly onUpload?: (upload: Upload) => void;
}

/** Starts a server on loopback to which a provider pushes; the caller must `stop` it. */
export async function startHttpSink(options: SinkOptions = {}): Promise<HttpSink> {
  const sink = new HttpSink(options);
  await sink.start();
  return sink;
}

/** A consumer's sink: takes `PUT` and `POST` on every path, counts and digests them, and misbehaves on demand. */
export class HttpSink {
  readonly #options: SinkOptions;
  readonly #server: Server;
  readonly #uploads: Upload[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #nextFaults: SinkFault[] = [];
  #fault: { fault: SinkFault; left: number } | undefined;
  #open = 0;

  constructor(options: SinkOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#take(request, response).catch(() => response.destroy());
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, host, resolve);
    });
  }

  /** Closes the port and every connection at once. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  get origin(): string {
    return `http://${host}:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The address that a consumer hands out, with the token if there is one. */
  address(path = '/sink'): EndpointAddress {
    const { token } = this.#options;
    return {
      endpointType: 'https://w3id.org/idsa/v4.1/HTTP',
      endpoint: `${this.origin}${path}`,
      properties: token === undefined ? {} : { authorization: token, authType: 'bearer' },
    };
  }

  /** The last 1,000 uploads, in the order of their ends. */
  get uploads(): readonly Upload[] {
    return [...this.#uploads];
  }

  /** Uploads whose connection is open and which are not answered. */
  get open(): number {
    return this.#open;
  }

  /** Sets a fault for the next uploads; undefined removes it. */
  misbehave(fault: SinkFault | undefined, times = Infinity): void {
    this.#fault = fault === undefined ? undefined : { fault, left: times };
  }

  /** Sets a fault for each of the next uploads, in this order; only then that of `misbehave` counts. */
  misbehaveNext(...faults: readonly SinkFault[]): void {
    this.#nextFaults.push(...faults);
  }

  /** Resolves with the first upload that ends, or has ended, as the predicate wants; by default with a complete one. */
  async waitFor(
    wanted: (upload: Upload) => boolean = ({ complete }) => complete,
    { deadlineMs = 180_000 }: { deadlineMs?: number } = {},
  ): Promise<Upload> {
    const { promise, resolve, reject } = Promise.withResolvers<Upload>();
    const check = (): void => {
      const found = this.#uploads.find(wanted);
      if (found !== undefined) resolve(found);
    };
    const timer = setTimeout(() => {
      reject(new Error(`the sink did not get the awaited upload within ${deadlineMs} ms`));
    }, deadlineMs);
    this.#watchers.add(check);
    try {
      check();
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#watchers.delete(check);
    }
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    this.#open += 1;
    response.once('close', () => {
      this.#open -= 1;
    });
    const fault = this.#refuse(request) ?? this.#nextFault();
    const measure = new Measure(this.#options.keep === true);
    const complete = await receive(request, { measure, limit: limitOf(fault) });
    const goodStatus = this.#options.status ?? 200;
    const good: SinkFault = complete
      ? { kind: 'status', status: goodStatus }
      : { kind: 'drop', afterBytes: 0 };
    const status = answer(response, fault ?? good);
    const { method = '', url: path = '', headers } = request;
    const upload = { method, path, headers, status, complete, ...measure.end() };
    this.#uploads.push(upload);
    if (this.#uploads.length > keptUploads) this.#uploads.shift();
    this.#options.onUpload?.(upload);
    for (const watcher of [...this.#watchers]) watcher();
  }

  #refuse({ method = '', headers }: IncomingMessage): SinkFault | undefined {
    const { token } = this.#options;
    if (!['PUT', 'POST'].includes(method)) return { kind: 'status', status: 405 };
    const isRight = token === undefined || headers.authorization === `Bearer ${token}`;
    return isRight ? undefined : { kind: 'status', status: 401 };
  }

  #nextFault(): SinkFault | undefined {
    const next = this.#nextFaults.shift();
    if (next !== undefined) return next;
    const entry = this.#fault;
    if (entry === undefined) return undefined;
    entry.left -= 1;
    if (entry.left <= 0) this.#fault = undefined;
    return entry.fault;
  }
}

/** The status sent, or undefined if there is no answer. */
function answer(response: ServerResponse, outcome: SinkFault): number | undefined {
  if (outcome.kind === 'drop') response.destroy();
  if (outcome.kind !== 'status') return undefined;
  response.writeHead(outcome.status).end(outcome.body ?? '');
  return outcome.status;
}

function limitOf(fault: SinkFault | undefined): number {
  return fault !== undefined && 'afterBytes' in fault ? (fault.afterBytes ?? Infinity) : Infinity;
}

/** Reads until the end, the limit or the loss of the connection; true if the whole body came. */
async function receive(
  request: IncomingMessage,
  { measure, limit }: { measure: Measure; limit: number },
): Promise<boolean> {
  if (limit === 0) return false;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      measure.add(chunk.subarray(0, limit - measure.bytes));
      if (measure.bytes >= limit) return false;
    }
    return request.complete;
  } catch {
    return false;
  }
}
