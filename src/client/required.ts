import { ServiceError } from '../errors.ts';

/** The value of an answer that has a body. */
export function required<T>(value: T | undefined): T {
  if (value !== undefined) return value;
  throw new ServiceError(
    'internal',
    'expected a body, received an answer without one: is there a cache in front of the service?',
  );
}
