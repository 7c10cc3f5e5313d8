/** What the models said of one row. */
export interface ModelEvidence {
  readonly modelId: string;
  readonly version: string;
  readonly arm: string;
  /** Probability of down, flat, up for each horizon in turn: 3 × 3 numbers. */
  readonly probabilities: readonly number[];
  /** Expected return for each horizon. */
  readonly returns: readonly number[];
  /** Reconstruction error over that of the 99th percentile in training: above 1 is unusual. */
  readonly anomaly: number;
}

/** What similar moments say over one horizon. */
export interface PatternVote {
  /** Similar moments counted, overlapping ones once. */
  readonly matches: number;
  /** (Σw)²/Σw² of their similarity weights. */
  readonly effectiveSampleSize: number;
  /** −1, 0, +1: what most of the weight did. */
  readonly direction: number;
  /** Weighted shares of down, flat, up. */
  readonly shares: readonly number[];
  /** Share of the weight that moved in `direction`, with its 95 % Wilson interval. */
  readonly winRate: number;
  readonly winRateLow: number;
  readonly winRateHigh: number;
  readonly meanReturn: number;
}

export interface PatternEvidence {
  readonly embeddingVersion: string;
  /** One vote a horizon. */
  readonly votes: readonly PatternVote[];
  /** Ids of the nearest moments counted, most similar first. */
  readonly nearest: readonly string[];
  /** Cosine similarity of the nearest. */
  readonly similarity: number;
}

/** Where the time went, in milliseconds. Measured by the engine; carried, never computed with. */
export interface Timing {
  readonly queueMs: number;
  readonly inferenceMs: number;
  readonly patternsMs: number;
}

/** Everything that arrived for one row before its deadline. */
export interface Evidence {
  readonly closeTime: number;
  readonly model: ModelEvidence | undefined;
  /** Why there is no model evidence. */
  readonly modelFailure: 'deadline' | 'error' | undefined;
  readonly patterns: PatternEvidence | undefined;
  /** Why there is no pattern evidence. */
  readonly patternFailure: 'deadline' | 'error' | 'none_yet' | undefined;
  readonly timing: Timing;
}

/** What came of probabilities that were stated about alike before: how many outcomes, and how many came true. */
export interface CalibrationRecord {
  readonly outcomes: number;
  readonly hits: number;
}
