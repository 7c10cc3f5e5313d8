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
