import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { HttpConfig } from '../config/config.ts';
import { messageOf, ServiceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { answerUnreadable, problemOfParser } from './answer-unreadable.ts';
import { createRepeatLimit } from './limit-repeats.ts';

/** Milliseconds. Whole heads and bodies have to come within the answer's deadline anyway; these bound what never becomes a request. */
export interface ConnectionTimes {
  headers: number;
  request: number;
  /** How often Node looks for requests that take longer: without it, every 30 seconds. */
  check: number;
  /** For a body that still comes in after its answer: closing at once could take the answer away from its reader. */
  linger: number;
}

const defaultTimes: ConnectionTimes = { headers: 10_000, request: 30_000, check: 1000, linger: 1000 };
/** Longer than the pauses between a connector's requests, so that its connection is seldom closed under its hands. */
const keepAliveTimeout = 65_000;
const maxHeaderSize = 16_384;
const maxConnections = 10_000;

/** Whoever lost its connection may still want to tidy up with the clients that are let go after this server. */
const tidyMillis = 3000;

/** Never rejects; resolves when nothing is left to do for the request. */
type RequestHandler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

export interface HttpServerOptions {
  log: Logger;
  times?: ConnectionTimes;
}

/** Ready from listening until draining; then it serves for a while, closes its listener, and finishes what runs. */
export class HttpServer {
  readonly #config: HttpConfig;
  readonly #server: Server;
  #draining = false;
  #ended: Promise<void> | undefined;
  readonly #handling = new Set<Promise<void>>();
  readonly #hurry = Promise.withResolvers<undefined>();
  readonly #log: Logger;
  readonly #times: ConnectionTimes;
  readonly #isFirst = createRepeatLimit();
  readonly #answers = new WeakMap<Duplex, ServerResponse>();

  constructor(
    config: HttpConfig,
    listener: (ready: () => boolean) => RequestHandler,
    { log, times = defaultTimes }: HttpServerOptions,
  ) {
    this.#config = config;
    this.#log = log;
    this.#times = times;
    const answer = listener(() => this.ready);
    this.#server = createServer(nodeOptions(times));
    this.#server.maxConnections = maxConnections;
    // A request that expects more than 100-continue is answered like any other.
    for (const event of ['request', 'checkExpectation'])
      this.#server.on(event, (req: IncomingMessage, res: ServerResponse) => {
        this.#handle(answer, req, res);
      });
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      this.#refuse(error, socket);
    });
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
    // A connection that cannot be accepted (no file descriptor left, no memory) must not end the process.
    this.#server.on('error', (error) => {
      this.#tell({ problem: messageOf(error) }, 'connection not accepted');
    });
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

  #handle(answer: RequestHandler, req: IncomingMessage, res: ServerResponse): void {
    // Draining: a client that keeps its connection would meet a closed port later, in the middle of a request.
    if (this.#draining) res.setHeader('Connection', 'close');
    this.#answers.set(req.socket, res);
    res.once('finish', () => {
      if (!req.complete) closeLater(req.socket, this.#times.linger, () => !req.complete);
    });
    const handling = answer(req, res).finally(() => this.#handling.delete(handling));
    this.#handling.add(handling);
  }

  /** Once for a connection, although the parser complains of each piece that follows. */
  #refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (socket.writableEnded) return;
    const answer = this.#answers.get(socket);
    // Behind a whole request whose answer is not out, it would be taken for that answer, and a connector takes a 400 for final.
    const isAwaited = answer?.writableFinished === false && (answer.headersSent || answer.req.complete);
    if (error.code === 'ECONNRESET' || !socket.writable || isAwaited) {
      socket.destroy();
      return;
    }
    const problem = problemOfParser(error);
    this.#tell({ status: problem.status, code: error.code }, 'unreadable request');
    answerUnreadable(socket, problem);
    closeLater(socket, this.#times.linger, () => true);
  }

  #tell(fields: Record<string, unknown>, message: string): void {
    const first = this.#isFirst(JSON.stringify([fields, message]), (more) => {
      this.#log.warn({ ...fields, more }, message);
    });
    if (first) this.#log.warn(fields, message);
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

function nodeOptions({ headers, request, check }: ConnectionTimes): ServerOptions {
  return {
    headersTimeout: headers,
    requestTimeout: request,
    connectionsCheckingInterval: check,
    keepAliveTimeout,
    maxHeaderSize,
    // Node would refuse it with an empty body.
    requireHostHeader: false,
  };
}

function closeLater(socket: Duplex, millis: number, isStillWanted: () => boolean): void {
  setTimeout(() => {
    if (isStillWanted()) socket.destroy();
  }, millis).unref();
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
