import { messageOf, ServiceError, type ErrorCode } from '../errors.ts';

/** The API server was not reached, or did not answer as expected. `cause` completes the message. */
export function unavailable(message: string, cause?: unknown): ServiceError {
  const text = cause === undefined ? message : `${message}: ${messageOf(cause)}`;
  return new ServiceError('cluster-unavailable', text, { cause });
}

/** Translates the API server's Status object; its message is kept, since it says what to do. */
export function errorOfStatus(
  status: number,
  body: string,
  call: { method: string; path: string },
): ServiceError {
  const parsed = parseStatus(body);
  const message = parsed.message ?? body.slice(0, 200);
  const code =
    status === 403 && message.includes(overQuota) ? 'cluster-over-quota' : codeOf(status, parsed.reason);
  return new ServiceError(code, `${call.method} ${call.path}: ${status} ${message}`);
}

/** Its only sign is the message: `exceeded quota: NAME, requested: A=1,B=1, used: A=0,B=7, limited: A=0,B=7`. */
const overQuota = 'exceeded quota: ';

/**
 * For `cluster-over-quota`: the quota's message if the quota has no room for the request even when unused, so that waiting does not
 * help. Undefined if it may have room later, or if that is not known.
 */
export function explainQuotaWithoutRoom({ message }: ServiceError): string | undefined {
  const [, text = '', requested = '', limited = ''] =
    /(exceeded quota: .*?requested: (.*?), used: .*?, limited: (.*))$/s.exec(message) ?? [];
  const limits = readAmounts(limited);
  const isTooMuch = [...readAmounts(requested)].some(
    ([name, amount]) => amount > (limits.get(name) ?? Infinity),
  );
  return isTooMuch ? text : undefined;
}

/** The API server's own words, without the request that it refused. */
export function wordsOf({ message }: ServiceError): string {
  return /^[A-Z]+ \S+: \d{3} (.*)$/s.exec(message)?.[1] ?? message;
}

/** Reads counts only: an amount with a unit becomes NaN, and no comparison with it is true. */
function readAmounts(list: string): Map<string, number> {
  return new Map(
    list.split(',').map((each) => {
      const [name = '', amount = ''] = each.split('=');
      return [name, Number(amount)];
    }),
  );
}

function codeOf(status: number, reason: string | undefined): ErrorCode {
  if (status === 404) return 'cluster-not-found';
  if (status === 409) return reason === 'AlreadyExists' ? 'cluster-exists' : 'cluster-conflict';
  if (status === 410) return 'cluster-expired';
  // 401 and 403 pass when a token is renewed or a Role corrected; 408 and 429 by waiting.
  if (status >= 500 || [401, 403, 408, 429].includes(status)) return 'cluster-unavailable';
  return 'cluster-refused';
}

function parseStatus(body: string): { reason?: string; message?: string } {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
