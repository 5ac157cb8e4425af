import type { IncomingHttpHeaders } from 'node:http';
import { isTransientStatus } from '../peer-answer.ts';
import { isSuccess, transient, type SinkAnswer } from './judge-answer.ts';
import type { Verdict } from './types.ts';

/**
 * Resumable Uploads for HTTP (draft-ietf-httpbis-resumable-upload, interop version 8). The sink offers it by an interim answer 104 with the
 * address of an upload resource; a sink that does not know it ignores the request headers. No other sign is taken for an offer: a guess could
 * join two halves that do not belong together.
 */
const interopVersion = '8';
const versionHeader = 'upload-draft-interop-version';

/** Of the request that starts an upload. */
export function offerHeaders(length: number): Record<string, string> {
  return { [versionHeader]: interopVersion, 'upload-complete': '?1', 'upload-length': String(length) };
}

export const queryHeaders = { [versionHeader]: interopVersion };

/** Of the request that sends the rest. */
export function appendHeaders(offset: number): Record<string, string> {
  return {
    [versionHeader]: interopVersion,
    'upload-complete': '?1',
    'upload-offset': String(offset),
    'content-type': 'application/partial-upload',
  };
}

export interface InterimAnswer {
  statusCode: number;
  headers: IncomingHttpHeaders | Record<string, string | string[] | undefined>;
}

/** The address of the upload resource. It gets the sink's credentials, so that it must have the sink's origin. */
export function readOffer({ statusCode, headers }: InterimAnswer, sinkUrl: string): string | undefined {
  const { location } = headers;
  if (statusCode !== 104 || headers[versionHeader] !== interopVersion) return undefined;
  if (typeof location !== 'string' || !isOfSink(location, sinkUrl)) return undefined;
  return new URL(location, sinkUrl).href;
}

export function isOfSink(location: string, sinkUrl: string): boolean {
  const url = URL.parse(location, sinkUrl);
  return url !== null && url.origin === new URL(sinkUrl).origin;
}

export type Offset =
  | { kind: 'at'; offset: number }
  | { kind: 'complete' }
  /** The upload resource is gone, or does not fit: the whole is sent again. */
  | { kind: 'lost' }
  | { kind: 'unknown'; verdict: Verdict };

/** Reads the answer to HEAD. `sent`: no more bytes than these can have arrived. */
export function readOffset(answer: SinkAnswer, { sent, length }: { sent: number; length: number }): Offset {
  const { status, headers } = answer;
  if (isTransientStatus(status)) return { kind: 'unknown', verdict: transient(answer) };
  const offset = readInteger(headers['upload-offset']);
  const announced = readInteger(headers['upload-length']) ?? length;
  if (!isSuccess(status) || offset === undefined || offset > sent || announced !== length)
    return { kind: 'lost' };
  const isComplete = headers['upload-complete'];
  if (isComplete === '?1') return { kind: offset === length ? 'complete' : 'lost' };
  return isComplete === '?0' ? { kind: 'at', offset } : { kind: 'lost' };
}

/** The answer is about the whole body, not about the upload of its bytes. */
export function isAboutWhole({ headers }: SinkAnswer): boolean {
  return headers['upload-complete'] === '?1';
}

function readInteger(value: string | string[] | undefined): number | undefined {
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}
