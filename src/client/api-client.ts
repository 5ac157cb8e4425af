import type { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import { isServiceError, messageOf, ServiceError } from '../errors.ts';
import { boundSignal } from '../until-aborted.ts';
import { Patience, TransientError, type PatienceOptions } from './patience.ts';
import { printable } from './printable.ts';
import { readJsonBody, readProblem } from './read-answer.ts';
import { createAgent } from '../http-agent.ts';

export interface ApiClientOptions {
  /** Without a slash at its end. */
  address: string;
  /** Sent to this address and nowhere else. */
  key: string | undefined;
  patience: PatienceOptions;
}

export interface ApiRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below /api/v1, encoded. */
  path: string;
  headers?: Record<string, string>;
  body?: object;
  /** In place of `body`. */
  bytes?: Buffer;
  /** Bytes in place of `body`, for one attempt. */
  stream?: Readable;
  /** Longer than usual, for a request that the service lets wait. */
  extraMillis?: number;
}

export interface JsonAnswer<T> {
  /** Undefined for 204 and 304. */
  value: T | undefined;
  etag: string | undefined;
}

export interface OpenAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Readable;
}

/** The service understood the request and refuses it: a repeat would not change that. */
export class RefusedError extends ServiceError {
  readonly status: number;

  constructor(status: number, message: string) {
    super('invalid-request', message);
    this.status = status;
  }
}

const apiPrefix = '/api/v1';
const deadlineMillis = 30_000;
const connectMillis = 10_000;
/** Without a byte of a download. */
const idleMillis = 60_000;
const transientStatuses = [408, 425, 429, 502, 503, 504];

/** Calls /api/v1. All its requests may be repeated: they change nothing, or carry a key by which the service knows a repeat. */
export class ApiClient implements AsyncDisposable {
  readonly #options: ApiClientOptions;
  readonly #agent = createAgent({ connect: { timeout: connectMillis }, bodyTimeout: idleMillis });
  /** An address at which nobody has ever answered is wrong: repeats would only hide that. */
  #answered = false;

  constructor(options: ApiClientOptions) {
    this.#options = options;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }

  /**
   * Repeats what fails for the moment. Throws `RefusedError` with the words of the service, `unavailable` if it stays away, the reason of
   * the signal if that aborts between attempts or, unless `finishes`, during one.
   */
  async json<T>(
    wanted: ApiRequest,
    signal: AbortSignal,
    { finishes = false }: { finishes?: boolean } = {},
  ): Promise<JsonAnswer<T>> {
    const patience = this.newPatience();
    const during = finishes ? new AbortController().signal : signal;
    for (;;) {
      signal.throwIfAborted();
      try {
        return await this.#attempt<T>(wanted, during);
      } catch (error) {
        await patience.wait(error, signal);
      }
    }
  }

  newPatience(): Patience {
    return new Patience(this.#options.patience);
  }

  /** One attempt; its body has to be read or destroyed. Throws `TransientError` for what may succeed later. */
  async open(wanted: ApiRequest, signal: AbortSignal): Promise<OpenAnswer> {
    const { statusCode: status, headers, body } = await this.#send(wanted, signal);
    // Its reader gets an error as well, unless it has stopped reading.
    body.on('error', () => undefined);
    if (status < 300) return { status, headers, body };
    throw await this.#errorOf({ status, headers, body });
  }

  /** Of an address that the service published: it may not be the one by which this client reaches it. */
  pathOf(href: string): string {
    const at = href.indexOf(`${apiPrefix}/`);
    if (at < 0)
      throw new ServiceError('internal', `expected an address below ${apiPrefix}, received ${href}`);
    return href.slice(at + apiPrefix.length);
  }

  async #attempt<T>(wanted: ApiRequest, signal: AbortSignal): Promise<JsonAnswer<T>> {
    using bounded = boundSignal(signal, deadlineMillis + (wanted.extraMillis ?? 0));
    const answer = await this.#send(wanted, bounded.signal);
    const { statusCode: status, headers, body } = answer;
    const etag = typeof headers['etag'] === 'string' ? headers['etag'] : undefined;
    if (status === 204 || status === 304) {
      await body.dump();
      return { value: undefined, etag };
    }
    if (status >= 300) throw await this.#errorOf({ status, headers, body });
    return { value: await this.#reading(async () => (await readJsonBody(body)) as T), etag };
  }

  async #send(
    { method = 'GET', path, headers, body, bytes, stream, extraMillis = 0 }: ApiRequest,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const { address, key } = this.#options;
    const answer = await this.#reading(() =>
      request(`${address}${apiPrefix}${path}`, {
        ...{ method, dispatcher: this.#agent, signal, headersTimeout: deadlineMillis + extraMillis },
        headers: {
          accept: 'application/json, */*',
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body === undefined ? (bytes ?? stream ?? null) : JSON.stringify(body),
      }),
    );
    this.#answered = true;
    return answer;
  }

  /** Any failure of the connection may be over the next time. */
  async #reading<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (isServiceError(error) && error.code !== 'deadline-exceeded') throw error;
      const message = `${this.#options.address} does not answer: ${describeCause(error)}`;
      const absent = !this.#answered && isAbsent(error);
      throw absent
        ? new ServiceError('unavailable', message, { cause: error })
        : new TransientError(message, { cause: error });
    }
  }

  async #errorOf({ status, headers, body }: OpenAnswer): Promise<ServiceError> {
    const said = printable(await readProblem(body));
    if (!transientStatuses.includes(status)) return new RefusedError(status, describeRefusal(status, said));
    const seconds = Number(headers['retry-after'] ?? NaN);
    const retryAfterMillis = Number.isFinite(seconds) ? Math.min(seconds, 60) * 1000 : undefined;
    return new TransientError(`${this.#options.address} answers ${status}: ${said}`, { retryAfterMillis });
  }
}

function describeRefusal(status: number, said: string): string {
  if (status === 401 || status === 403)
    return `${said} (${status})\nSet EDC_JP_API_KEY to a key that may do this.`;
  if (status >= 300 && status < 400)
    return `the service answers with a redirect (${status}): give its final address with --url`;
  return `${said} (${status})`;
}

function isAbsent(error: unknown): boolean {
  const codes = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT'];
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

function describeCause(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = messageOf(error);
  return message === '' || message === code ? code : message;
}
