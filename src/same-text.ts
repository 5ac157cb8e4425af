import { createHash, timingSafeEqual } from 'node:crypto';

/** In a time that says nothing about either text. */
export function sameText(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}
