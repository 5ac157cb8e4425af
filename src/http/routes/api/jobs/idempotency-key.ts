import { ServiceError } from '../../../../errors.ts';
import type { HttpContext } from '../../../route.ts';

export const longestKey = 255;

/** Undefined without the header: each such request is a new one. */
export function readKey(ctx: HttpContext): string | undefined {
  const key = ctx.get('Idempotency-Key');
  if (key === '') return undefined;
  if (key.length <= longestKey) return key;
  throw new ServiceError('invalid-request', `Idempotency-Key: expected at most ${longestKey} characters`, {
    field: 'Idempotency-Key',
  });
}

/** The key is that of another job. */
export function keyReused(): ServiceError {
  const message = 'Idempotency-Key: expected a new one, received that of another job';
  return new ServiceError('key-reused', message, { field: 'Idempotency-Key' });
}
