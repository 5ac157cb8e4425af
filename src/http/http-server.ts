import { once } from 'node:events';
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

/**
 * In milliseconds. The answer's deadline covers requests, and routes without it bound the bodies that they read; these bound connections
 * that never send a whole head.
 */
export interface ConnectionTimes {
  headers: number;
  /** How often Node checks for requests that take longer; by default every 30 seconds. */
  check: number;
  /** Delay of closing while a body is still being received: an immediate close could destroy the answer before it is read. */
  linger: number;
}

const defaultTimes: ConnectionTimes = { headers: 10_000, check: 1000, linger: 1000 };
/** Longer than the usual pause between a connector's requests, so that it seldom writes to a connection that is being closed. */
const keepAliveTimeout = 65_000;
const maxHeaderSize = 16_384;
const maxConnections = 10_000;

/** Time for handlers whose connection was closed to finish before the clients are destroyed. */
const cleanupMillis = 3000;

/** Never rejects; resolves when the request is handled completely. */
type RequestHandler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

export interface HttpServerOptions {
  log: Logger;
  times?: ConnectionTimes;
}

/** Ready from listening until draining. Then it serves for a while, closes its listener, and finishes requests under way. */
export class HttpServer {
  readonly #config: HttpConfig;
  readonly #server: Server;
  #draining = false;
  #ended: Promise<void> | undefined;
  readonly #handling = new Set<Promise<void>>();
  readonly #closing = Promise.withResolvers<undefined>();
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
    // A request with an unknown `Expect` is answered like any other.
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

  /** Resolves with the port: the configured one, or the free one that was selected. */
  async listen(): Promise<{ port: number }> {
    const { host, port } = this.#config;
    try {
      this.#server.listen({ host, port });
      await once(this.#server, 'listening');
    } catch (error) {
      const text = `http: cannot listen on ${host}:${port}: ${messageOf(error)}`;
      throw new ServiceError('invalid-config', text, { cause: error });
    }
    // A connection that cannot be accepted (no file descriptor or memory left) must not end the process.
    this.#server.on('error', (error) => {
      this.#warn({ problem: messageOf(error) }, 'connection not accepted');
    });
    return { port: (this.#server.address() as AddressInfo).port };
  }

  /** Becomes unready immediately and serves for `drainMillis`, until load balancers have noticed. Never answers 503. */
  async drain(): Promise<void> {
    this.#draining = true;
    await within(this.#config.drainMillis, this.#closing.promise);
    await this.#end(this.#config.shutdownMillis);
  }

  /** Closes the listener and all connections immediately. */
  async close(): Promise<void> {
    this.#draining = true;
    this.#closing.resolve(undefined);
    await this.#end(0);
  }

  #handle(answer: RequestHandler, req: IncomingMessage, res: ServerResponse): void {
    // While draining: a kept connection would later be closed in the middle of a request.
    if (this.#draining) res.setHeader('Connection', 'close');
    this.#answers.set(req.socket, res);
    res.once('finish', () => {
      if (!req.complete) closeLater(req.socket, this.#times.linger, () => !req.complete);
    });
    const handling = answer(req, res).finally(() => this.#handling.delete(handling));
    this.#handling.add(handling);
  }

  /** Answers once for a connection, although the parser reports an error for each chunk that follows. */
  #refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (socket.writableEnded) return;
    const answer = this.#answers.get(socket);
    // If an earlier request of the connection still waits for its answer, this 400 would be taken for it, and a connector treats a 400 as final.
    const isAwaited = answer?.writableFinished === false && (answer.headersSent || answer.req.complete);
    if (error.code === 'ECONNRESET' || !socket.writable || isAwaited) {
      socket.destroy();
      return;
    }
    const problem = problemOfParser(error);
    this.#warn({ status: problem.status, code: error.code }, 'unreadable request');
    answerUnreadable(socket, problem);
    closeLater(socket, this.#times.linger, () => true);
  }

  #warn(fields: Record<string, unknown>, message: string): void {
    const first = this.#isFirst(JSON.stringify([fields, message]), (more) => {
      this.#log.warn({ ...fields, more }, message);
    });
    if (first) this.#log.warn(fields, message);
  }

  async #end(millis: number): Promise<void> {
    this.#ended ??= this.#closeListener();
    await within(millis, Promise.race([this.#ended, this.#closing.promise]));
    this.#server.closeAllConnections();
    await this.#ended;
    await within(cleanupMillis, Promise.all(this.#handling));
  }

  #closeListener(): Promise<void> {
    return new Promise((resolve) => {
      // Also called, with an error, if the server does not listen.
      this.#server.close(() => {
        resolve();
      });
    });
  }
}

function nodeOptions({ headers, check }: ConnectionTimes): ServerOptions {
  return {
    headersTimeout: headers,
    // An upload takes as long as its file is large.
    requestTimeout: 0,
    connectionsCheckingInterval: check,
    keepAliveTimeout,
    maxHeaderSize,
    // Node would answer it with an empty body.
    requireHostHeader: false,
  };
}

function closeLater(socket: Duplex, millis: number, isNeeded: () => boolean): void {
  setTimeout(() => {
    if (isNeeded()) socket.destroy();
  }, millis).unref();
}

/** Resolves with the promise, or after `millis`. */
async function within(millis: number, promise: Promise<unknown>): Promise<void> {
  const timeout = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => {
    timeout.resolve(undefined);
  }, millis);
  await Promise.race([promise, timeout.promise]);
  clearTimeout(timer);
}
