/** Numbers from 0 to 1 that are the same for the same seed: what a test did at random, it can do again. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // A step of a 32-bit linear congruence; its high bits are mixed down, since its low ones repeat soon.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) >>> 0;
    return ((mixed ^ (mixed >>> 13)) >>> 0) / 2 ** 32;
  };
}
