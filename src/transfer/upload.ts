import { createRedactor, secretsOfUrl, type Redact } from '../redact-secrets.ts';
import type { ResultBody } from '../result/result-body.ts';
import type { Push, Sink } from './types.ts';

/** One push over all its attempts. */
export interface Upload {
  push: Push;
  body: ResultBody;
  /** Hex; unknown for an archive. */
  sha256?: string;
  /** On the clock. */
  deadline: number;
  /** The address of the upload resource that the sink has offered. */
  resource?: string | undefined;
  /** No more bytes than these can have arrived at the upload resource. */
  sent: number;
  /** The upload resource has said that it has these. */
  acknowledged: number;
  /** The last attempt ended without an answer. */
  cautious: boolean;
}

/** The whole is sent again, and the sink may offer another upload resource. */
export function forgetResource(upload: Upload): void {
  upload.resource = undefined;
  upload.sent = 0;
  upload.acknowledged = 0;
}

/** Removes the secrets of the sink: an answer may repeat the request. */
export function redactorOf({ push: { sink }, resource }: Upload): Redact {
  return redactorOfAddress(sink, resource);
}

export function redactorOfAddress(
  { url, headers: own }: Pick<Sink, 'url' | 'headers'>,
  resource?: string,
): Redact {
  const urls = resource === undefined ? [url] : [url, resource];
  const queries = urls.flatMap((url) => (URL.canParse(url) ? [...new URL(url).searchParams.values()] : []));
  // A token also without its scheme ("Bearer").
  const headers = Object.values(own).flatMap((value) => [value, ...value.split(' ')]);
  return createRedactor([...urls.flatMap(secretsOfUrl), ...queries, ...headers]);
}
