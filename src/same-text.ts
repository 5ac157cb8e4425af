import { hash, timingSafeEqual } from 'node:crypto';

/** Compares in a time that does not depend on the texts. */
export function sameText(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'));
}
