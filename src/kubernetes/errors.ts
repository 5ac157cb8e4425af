import { ServiceError, type ErrorCode } from '../errors.ts';

/** The API server's Status object as our error; its message is kept, since it says what to do. */
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

/** The only sign of it: `exceeded quota: NAME, requested: A=1,B=1, used: A=0,B=7, limited: A=0,B=7`. */
const overQuota = 'exceeded quota: ';

/**
 * For `cluster-over-quota`: what the quota says if it has no room for the request even when nothing is used of it, so that waiting
 * does not help. Undefined if it may have room later, or if that cannot be told.
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

/** Counts alone: an amount with a unit is NaN, which compares with nothing. */
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
  // 401 and 403 heal when a token is renewed or a Role mended; 408 and 429 by waiting.
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
