/** A tenant's conditions for acting. All are limits a signal must pass; one that fails makes it FLAT. */
export interface Gates {
  /** Lowest share of the primary direction among up and down together, 0.5..1. */
  readonly minDirectionalShare: number;
  readonly minQualityScore: number;
  /** Highest anomaly score. */
  readonly maxAnomaly: number;
  /** What becomes of a signal above it: it abstains, or it acts and says so. */
  readonly onAnomaly: 'abstain' | 'note';
  /** Lowest expected return of the primary horizon in the signal's direction, in spreads; 0 asks for none. */
  readonly minReturnInSpreads: number;
}

export const DEFAULT_GATES: Gates = {
  minDirectionalShare: 0.52,
  minQualityScore: 0.5,
  maxAnomaly: 3,
  onAnomaly: 'abstain',
  minReturnInSpreads: 0,
};
