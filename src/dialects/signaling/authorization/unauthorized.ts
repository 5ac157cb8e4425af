import { ServiceError } from '../../../errors.ts';

/** The refusal of a token. It says what was expected of which part, and shows nothing of the token. */
export function unauthorized(part: string, expected: string, cause?: unknown): ServiceError {
  return new ServiceError('unauthorized', `Authorization: ${part}: expected ${expected}`, {
    field: 'Authorization',
    cause,
  });
}
