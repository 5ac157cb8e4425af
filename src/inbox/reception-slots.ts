import { ServiceError } from '../errors.ts';

/** Bounds the uploads that one replica receives at once: each holds a part of its file in memory. */
export interface ReceptionSlots {
  /** Throws `unavailable` if none is free. */
  with<Result>(receive: () => Promise<Result>): Promise<Result>;
}

export function createReceptionSlots(limit: number, setting: string): ReceptionSlots {
  let taken = 0;
  return {
    async with(receive) {
      if (taken >= limit)
        throw new ServiceError(
          'unavailable',
          `expected fewer uploads: ${limit} are under way (${setting}); try again later`,
        );
      taken += 1;
      try {
        return await receive();
      } finally {
        taken -= 1;
      }
    },
  };
}
