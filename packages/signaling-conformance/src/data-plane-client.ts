import { parseJson, readText } from './read-text.ts';

export interface PlaneRequest {
  method?: 'GET' | 'POST';
  /** Below `/dataflows/`. */
  path: string;
  body?: string;
  /** Default `application/json` if there is a body; null sends none. */
  contentType?: string | null;
  /** In place of the configured header; null sends none. */
  authorization?: string | null;
  /** In place of the configured data plane. */
  target?: string;
}

export interface PlaneAnswer {
  status: number;
  headers: Headers;
  text: string;
  /** The body as JSON; undefined if it is none. */
  body: unknown;
}

export interface ClientOptions {
  /** Base URL; `/dataflows/…` is appended. */
  target: string;
  /** Value of the header `Authorization` of each request. */
  authorization?: string | undefined;
  timeoutMillis: number;
  signal: AbortSignal;
}

export type DataPlaneClient = (request: PlaneRequest) => Promise<PlaneAnswer>;

/** Sends what the control plane of a test sends. Redirects are not followed: a control plane would lose the method. */
export function createDataPlaneClient(options: ClientOptions): DataPlaneClient {
  return async ({ method = 'POST', path, body, contentType, authorization, target = options.target }) => {
    const headers = new Headers();
    const sentAuthorization = authorization === undefined ? options.authorization : authorization;
    if (typeof sentAuthorization === 'string') headers.set('authorization', sentAuthorization);
    const type = contentType === undefined && body !== undefined ? 'application/json' : contentType;
    if (typeof type === 'string') headers.set('content-type', type);
    const url = `${target.replace(/\/+$/, '')}/dataflows/${path}`;
    // As bytes, since fetch adds a content type to a text.
    const bytes = body === undefined ? null : Buffer.from(body);
    return await exchange(url, { method, headers, body: bytes }, options);
  };
}

/** One request with its whole answer. */
export async function exchange(
  url: string,
  init: RequestInit,
  { timeoutMillis, signal }: Pick<ClientOptions, 'timeoutMillis' | 'signal'>,
): Promise<PlaneAnswer> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMillis)]);
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', signal: limit });
    const text = await readText(response.body);
    return { status: response.status, headers: response.headers, text, body: parseJson(text) };
  } catch (error) {
    signal.throwIfAborted();
    throw new Error(`${init.method ?? 'GET'} ${url}: ${reasonOf(error)}`, { cause: error });
  }
}

/** fetch says "fetch failed" and keeps the reason in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
}
