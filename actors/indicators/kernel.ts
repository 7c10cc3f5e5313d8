/**
 * What every kernel states about itself. A kernel is fed one value or bar at a time and answers NaN until
 * it has seen `requiredInputs` of them; it skips NaN inputs, so kernels chain as TA-Lib's functions do.
 */
export interface Kernel {
  /** Inputs needed for the first value. */
  readonly requiredInputs: number;
}

/** Quotient, 0 where the denominator is 0: what a flat market means for every ratio here. */
export function ratio(numerator: number, denominator: number): number {
  return denominator === 0 ? 0 : numerator / denominator;
}

/**
 * Whether a difference of two numbers is what rounding left of it: at most 10⁻¹⁴ of their magnitudes together. Source:
 * TA-Lib since 0.8. A fixed threshold would call a market with prices of 2·10⁻⁷ flat.
 */
export function negligible(difference: number, magnitude: number): boolean {
  return Math.abs(difference) <= 1e-14 * magnitude;
}

/*
 * Running sums. Where TA-Lib keeps one and its last bits show, a kernel keeps the same one. Of a value that has left
 * the window a sum keeps some 10⁻¹⁶ of it, for ever: a bad print would bend the feature long after it is gone, which
 * TA-Lib accepts and a trading engine cannot. So a sum is recomputed from its window every 1,024 bars, and at once when
 * the value that leaves was so large that its residue matters.
 */

/** Bars less one after which a running sum of TA-Lib's is recomputed; a mask. */
export const RENEWAL = 1023;
/**
 * A sum is recomputed at once when a value leaves that is more than this times what stays. Below it the residue is at
 * most some 10⁻⁶ of the sum, and the result is TA-Lib's own number.
 */
export const TALIB_RESIDUE = 1e9;
/** The same where TA-Lib's last bits do not show. */
export const DOMINANT = 100;
