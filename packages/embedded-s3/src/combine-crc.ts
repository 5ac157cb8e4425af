/** A check value of content of this many bytes. */
export interface SizedCrc {
  readonly value: Buffer;
  readonly size: number;
}

/**
 * The check value of contents put one behind the other, from theirs alone: that of a multipart upload without reading
 * its parts again. A value moves behind `size` zero bytes by a multiplication with x^(8·size) modulo the polynomial;
 * the polynomial is given in the reflected form, where the highest bit stands for x^0.
 */
export function combineCrcs(parts: readonly SizedCrc[], polynomial: bigint, bits: 32 | 64): Buffer {
  const field = { polynomial, top: 1n << BigInt(bits - 1) };
  const shifts = new Map<number, bigint>();
  let sum = 0n;
  for (const { value, size } of parts) {
    // Nearly all parts have the same size, so the costly power is computed once or twice.
    const shift = shifts.get(size) ?? powerOfX(8n * BigInt(size), field);
    shifts.set(size, shift);
    sum = multiply(sum, shift, field) ^ BigInt(`0x${value.toString('hex')}`);
  }
  return Buffer.from(sum.toString(16).padStart(bits / 4, '0'), 'hex');
}

interface Field {
  readonly polynomial: bigint;
  readonly top: bigint;
}

function powerOfX(exponent: bigint, field: Field): bigint {
  let result = field.top;
  let square = field.top >> 1n;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = multiply(result, square, field);
    square = multiply(square, square, field);
  }
  return result;
}

function multiply(one: bigint, other: bigint, field: Field): bigint {
  let product = 0n;
  let shifted = other;
  for (let bit = field.top; bit > 0n; bit >>= 1n) {
    if ((one & bit) !== 0n) product ^= shifted;
    shifted = (shifted & 1n) === 1n ? (shifted >> 1n) ^ field.polynomial : shifted >> 1n;
  }
  return product;
}
