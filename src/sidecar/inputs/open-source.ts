import type { IncomingMessage } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import type { FlowInput } from '../../flow/flow-input.ts';
import type { CredentialReader } from '../../storage/upload/credentials.ts';
import { foreignObjectPath, plainEtag } from '../../storage/upload/ask-store.ts';
import { signRequest } from '../../storage/upload/sign-request.ts';
import { fetchError, InputError, problemKind, type FetchProblem } from './input-error.ts';
import { openBody } from './open-body.ts';

export interface SourceAccess {
  endpoint: string;
  region: string;
  bucket: string;
  credentials: CredentialReader;
  /** The mounted Secret with the URLs, by the name of their input. */
  urls: string;
  timeoutMillis: number;
}

/** Bytes that have been read, with the ETag of what they are a part of. */
export interface Progress {
  offset: number;
  etag: string | undefined;
}

export interface OpenSource {
  body: IncomingMessage;
  /** Where in the file the body starts: the progress's offset, or 0 if the source sends the whole. */
  offset: number;
  etag: string | undefined;
  /** Bytes of the whole file, if the source says so. */
  size: number | undefined;
}

/** One attempt. Throws `InputError` if the input is missing, changed or refused for good. */
export async function openSource(
  access: SourceAccess,
  { input, progress }: { input: FlowInput; progress: Progress },
  signal: AbortSignal,
): Promise<OpenSource> {
  const { host, request } = buildRequest(access, input, progress);
  const body = await openBody({ ...request, timeoutMillis: access.timeoutMillis }, signal).catch(
    (error: unknown) => {
      throw !('key' in input) && isAboutCertificate(error) ? refused(input, messageOf(error)) : error;
    },
  );
  try {
    return readHead(body, { input, progress, host });
  } catch (error) {
    body.on('error', () => undefined).destroy();
    if (body.statusCode === 403) access.credentials.forget();
    throw error;
  }
}

function buildRequest(access: SourceAccess, input: FlowInput, { offset, etag }: Progress) {
  const range = offset === 0 ? {} : { range: `bytes=${offset}-` };
  if (!('key' in input)) {
    const url = readUrl(access, input.name);
    // With another ETag the whole file comes.
    const condition = offset === 0 || etag === undefined ? {} : { 'if-range': `"${etag}"` };
    const headers = { host: url.host, 'accept-encoding': 'identity', ...range, ...condition };
    return { host: url.host, request: { url, headers } };
  }
  const { region, credentials, bucket } = access;
  const url = new URL(access.endpoint);
  const path = foreignObjectPath({ bucket: input.bucket ?? bucket, key: input.key });
  const unsigned = { method: 'GET', path, headers: { 'if-match': `"${input.etag}"`, ...range } };
  const scope = { host: url.host, region, service: 's3' } as const;
  const { headers } = signRequest(unsigned, scope, credentials.read());
  return { host: 'the store', request: { url, path, headers } };
}

function readUrl({ urls }: SourceAccess, name: string): URL {
  try {
    return new URL(readFileSync(join(urls, name), 'utf8').trim());
  } catch {
    // The error's text may hold the URL.
    throw new InputError(name, 'its URL is not in the mounted Secret');
  }
}

interface Asked {
  input: FlowInput;
  progress: Progress;
  host: string;
}

function readHead(body: IncomingMessage, asked: Asked): OpenSource {
  const { input, progress, host } = asked;
  const { statusCode: status = 0, headers } = body;
  if (status !== 200 && status !== 206) throw refusal(status, asked);
  const offset = status === 206 ? progress.offset : 0;
  if (status === 206 && headers['content-range']?.startsWith(`bytes ${offset}-`) !== true)
    throw fetchError('final', `${host} answered with another range than it was asked for`);
  const etag = readEtag(headers.etag);
  const size = wholeSize(headers['content-length'], offset);
  checkSame(input, { etag, size });
  return { body, offset, etag, size };
}

function wholeSize(length: string | undefined, offset: number): number | undefined {
  return length === undefined ? undefined : offset + Number(length);
}

function checkSame(input: FlowInput, { etag, size }: Pick<OpenSource, 'etag' | 'size'>): void {
  checkRoom(input, size ?? 0);
  if (!('key' in input)) return;
  if (etag !== input.etag || (size ?? input.size) !== input.size) throw changed(input);
}

/** A weak ETag does not say that the bytes are the same. */
function readEtag(etag: string | undefined): string | undefined {
  return etag === undefined || etag.startsWith('W/') ? undefined : plainEtag(etag);
}

function refusal(status: number, { input, host }: Asked): Error {
  const said = `${host} answered ${status}`;
  if (status === 404 || status === 410) return new InputError(input.name, `it is missing: ${said}`);
  if (status === 412 || status === 416) return changed(input);
  const kind = 'key' in input ? problemKind(status) : urlProblemKind(status);
  return kind === 'final' ? refused(input, said) : fetchError(kind, said);
}

function refused({ name }: FlowInput, said: string): InputError {
  return new InputError(name, `it was refused: ${said}`);
}

/** No certificate is replaced while a URL is fetched. */
function isAboutCertificate(error: unknown): boolean {
  const { code = '' } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
  return /CERT|SIGNED|UNABLE_TO_/.test(code);
}

/** Nobody corrects the rights of a URL while it is fetched. */
function urlProblemKind(status: number): FetchProblem {
  const kind = problemKind(status);
  return kind === 'forbidden' ? 'final' : kind;
}

export function changed({ name }: FlowInput): InputError {
  return new InputError(name, 'it has changed since the job was accepted');
}

/** Throws for more bytes than the input may have. */
export function checkRoom(input: FlowInput, size: number): void {
  if ('key' in input && size > input.size) throw changed(input);
  if (size > input.maxBytes)
    throw new InputError(input.name, `expected at most ${input.maxBytes} bytes, received ${size}`);
}
