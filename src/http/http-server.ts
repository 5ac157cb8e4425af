import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpConfig } from '../config/config.ts';
import { messageOf, ServiceError } from '../errors.ts';

/** Whole heads and bodies have to come within the answer's deadline anyway; these bound what never becomes a request. */
const headersTimeout = 10_000;
const requestTimeout = 30_000;
/** Longer than the pauses between a connector's requests, so that its connection is seldom closed under its hands. */
const keepAliveTimeout = 65_000;
const maxHeaderSize = 16_384;
const maxConnections = 10_000;

/** Whoever lost its connection may still want to tidy up with the clients that are let go after this server. */
const tidyMillis = 3000;

/** Never rejects; resolves when nothing is left to do for the request. */
type RequestHandler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/** Ready from listening until draining; then it serves for a while, closes its listener, and finishes what runs. */
export class HttpServer {
  readonly #config: HttpConfig;
  readonly #server: Server;
  #draining = false;
  #ended: Promise<void> | undefined;
  readonly #handling = new Set<Promise<void>>();
  readonly #hurry = Promise.withResolvers<undefined>();

  constructor(config: HttpConfig, listener: (ready: () => boolean) => RequestHandler) {
    this.#config = config;
    const answer = listener(() => this.ready);
    this.#server = createServer(
      { headersTimeout, requestTimeout, keepAliveTimeout, maxHeaderSize },
      (req, res) => {
        // Draining: whoever keeps its connection would meet a closed port on it later, in the middle of a request.
        if (this.#draining) res.setHeader('Connection', 'close');
        const handling = answer(req, res).finally(() => this.#handling.delete(handling));
        this.#handling.add(handling);
      },
    );
    this.#server.maxConnections = maxConnections;
  }

  get ready(): boolean {
    return this.#server.listening && !this.#draining;
  }

  /** Resolves with the port: configured, or the free one that was taken. */
  async listen(): Promise<{ port: number }> {
    const { host, port } = this.#config;
    const listening = Promise.withResolvers<undefined>();
    this.#server.once('error', listening.reject);
    this.#server.listen({ host, port }, () => {
      listening.resolve(undefined);
    });
    try {
      await listening.promise;
    } catch (error) {
      throw new ServiceError(
        'invalid-config',
        `http: cannot listen on ${host}:${port}: ${messageOf(error)}`,
        {
          cause: error,
        },
      );
    }
    this.#server.off('error', listening.reject);
    return { port: (this.#server.address() as AddressInfo).port };
  }

  /** Not ready at once, yet serving for `drainMillis`: those who route here have to notice first. Never a 503. */
  async drain(): Promise<void> {
    this.#draining = true;
    await within(this.#config.drainMillis, this.#hurry.promise);
    await this.#end(this.#config.shutdownMillis);
  }

  /** At once: closes the listener and every connection. */
  async close(): Promise<void> {
    this.#draining = true;
    this.#hurry.resolve(undefined);
    await this.#end(0);
  }

  async #end(millis: number): Promise<void> {
    this.#ended ??= this.#closeListener();
    await within(millis, Promise.race([this.#ended, this.#hurry.promise]));
    this.#server.closeAllConnections();
    await this.#ended;
    await within(tidyMillis, Promise.all(this.#handling));
  }

  #closeListener(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#server.listening) {
        resolve();
        return;
      }
      this.#server.close(() => {
        resolve();
      });
    });
  }
}

/** Resolves with the promise, or after so long without it. */
async function within(millis: number, promise: Promise<unknown>): Promise<void> {
  const timeout = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => {
    timeout.resolve(undefined);
  }, millis);
  await Promise.race([promise, timeout.promise]);
  clearTimeout(timer);
}
