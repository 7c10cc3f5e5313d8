/*
 * Exact arithmetic on the numbers a computer holds: each is an integer over a power of two, so sums and products of
 * them are integers too, and only the last division rounds.
 */

const BITS = 120;

/** The number times 2¹²⁰: an integer for any number that is a multiple of 2⁻¹²⁰, which prices and volumes are. */
export function exactly(x: number): bigint {
  return BigInt(x * 2 ** BITS);
}

/** Numerator over denominator, correctly rounded to all but the last bit. */
export function quotient(numerator: bigint, denominator: bigint): number {
  const shifted = (numerator << 200n) / denominator;
  // In two steps: 2²⁰⁰ times a large value would overflow.
  return Number(shifted) / 2 ** 200;
}

/** The number that an integer of {@link exactly} stands for, divided by `divisor`. */
export function real(numerator: bigint, divisor = 1n): number {
  return quotient(numerator, divisor << BigInt(BITS));
}

/** Sum of exact numbers. */
export function total(values: readonly bigint[]): bigint {
  return values.reduce((sum, value) => sum + value, 0n);
}

export function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
