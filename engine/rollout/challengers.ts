import type { ModelSeries } from '../registry/model-registry.js';

/** A registered model that is to be tried against the one in production. */
export interface Challenger {
  /** Whose model and for what, as it is registered. */
  readonly series: ModelSeries;
  readonly version: string;
  /** Who proposes it, and why, for the record: "drift monitor", "PSI of 12 features above their thresholds". */
  readonly by: string;
  readonly reason: string;
  /** Whether it was trained only because time went by: the model before was old, or there were enough new bars. */
  readonly isDue?: boolean;
}

/** Where new models enter: never straight into production where there is one already. */
export interface Challengers {
  /**
   * Lets a registered model (`ModelRegistry.register`, not promoted) challenge production: as a shadow from the next bar
   * on, or as production at once where the series has none. Proposing it again is a no-op. What becomes of it, the
   * outcomes decide. Throws `NOT_FOUND` when it is not registered, `STORE_UNAVAILABLE`, and `QUOTA_EXCEEDED` when four
   * shadows run already.
   */
  propose(challenger: Challenger): Promise<void>;
}
