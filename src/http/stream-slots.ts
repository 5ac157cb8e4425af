import { ServiceError } from '../errors.ts';
import type { HttpContext } from './route.ts';

/** Bounds the streams that this replica sends at once: each keeps a connection for as long as its client likes. */
export interface StreamSlots {
  /** Returns how the slot is given back, once. Throws `unavailable`, with `Retry-After`, if there are too many. */
  take(ctx: Pick<HttpContext, 'set'>): () => void;
}

/** An estimate of the time until another stream ends. */
const retryAfterSeconds = 10;

export function createStreamSlots(limit: number): StreamSlots {
  let taken = 0;
  return {
    take(ctx) {
      if (taken >= limit) {
        ctx.set('Retry-After', String(retryAfterSeconds));
        throw new ServiceError('unavailable', `expected fewer streams: ${limit} are open; try again later`);
      }
      taken += 1;
      return () => {
        taken -= 1;
      };
    },
  };
}
