import type { IncomingHttpHeaders } from 'node:http';
import { isServiceError } from '../errors.ts';
import { describeFailure, excerpt, isTransientStatus } from '../peer-answer.ts';
import type { Verdict } from './types.ts';

/** A sink's final answer, without secrets. */
export interface SinkAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** A success status before the sink got all bytes is no success: it did not read them. */
export function judgeAnswer(answer: SinkAnswer, { sent, length }: { sent: number; length: number }): Verdict {
  const { status } = answer;
  if (isSuccess(status)) {
    if (sent === length) return { verdict: 'done' };
    return { verdict: 'failed', problem: `the sink answered ${status} after ${sent} of ${length} bytes` };
  }
  if (isTransientStatus(status)) return transient(answer);
  if (status >= 300 && status < 400)
    return { verdict: 'failed', problem: `the sink answered ${status}: redirects are not followed` };
  return { verdict: 'failed', problem: describe(answer) };
}

export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

export function transient(answer: SinkAnswer): Verdict {
  return {
    verdict: 'transient',
    problem: describe(answer),
    retryAfterMillis: readRetryAfter(answer.headers['retry-after']),
  };
}

function describe({ status, text }: SinkAnswer): string {
  const start = excerpt(text);
  return `the sink answered ${status}${start === '' ? '' : `: ${start}`}`;
}

/** `Date.parse` also takes texts that are none. */
const httpDate = /^[A-Z][a-z]{2}, \d\d /;

/** RFC 9110, 10.2.3: seconds or a date. */
export function readRetryAfter(value: string | undefined, now = Date.now()): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = httpDate.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** The results themselves are missing or other than the manifest says. */
const finalCodes = ['object-missing', 'precondition-failed', 'store-refused', 'bucket-missing'] as const;

export function judgeSourceError(error: unknown): Verdict {
  if (isServiceError(error, ...finalCodes))
    return { verdict: 'failed', problem: `the results are not as the manifest says: ${error.message}` };
  return { verdict: 'transient', problem: `the results could not be read: ${describeFailure(error)}` };
}

/** Requests that the client refuses to send. */
const unsendable = /^ERR_(INVALID_(CHAR|HTTP_TOKEN|PROTOCOL|URL)|UNESCAPED_CHARACTERS)$/;

export function judgeConnectionError(error: unknown): Verdict {
  const problem = `no answer of the sink: ${describeFailure(error)}`;
  const isFinal = unsendable.test(String((error as { code?: unknown }).code));
  return { verdict: isFinal ? 'failed' : 'transient', problem };
}
