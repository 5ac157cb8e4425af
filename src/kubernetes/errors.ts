import { ServiceError, type ErrorCode } from '../errors.ts';

/** The API server's Status object as our error; its message is kept, since it says what to do. */
export function errorOfStatus(
  status: number,
  body: string,
  call: { method: string; path: string },
): ServiceError {
  const parsed = parseStatus(body);
  const message = parsed.message ?? body.slice(0, 200);
  return new ServiceError(codeOf(status, parsed.reason), `${call.method} ${call.path}: ${status} ${message}`);
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
