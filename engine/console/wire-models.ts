/** What the console's server and its page say to each other of models, in JSON. Times are epoch milliseconds UTC; null is "not known". */

export interface ScoreView {
  readonly horizon: string;
  readonly samples: number;
  readonly effectiveSamples: number;
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
  readonly majority: number;
  readonly lastDirection: number;
  readonly z: number;
  readonly directional: {
    readonly samples: number;
    readonly accuracy: number;
    readonly baseline: number;
    readonly z: number;
  };
}

export interface ModelView {
  /** Names it among all versions: level, name, version. */
  readonly key: string;
  /** Whose: platform, tenant or user. */
  readonly level: string;
  readonly name: string;
  readonly version: string;
  readonly parent: string | null;
  readonly status: string;
  /** Share of the bars it serves as a canary. */
  readonly share: number | null;
  /** How it is tried: challenger, ab or manual. */
  readonly trial: string | null;
  readonly trialUntil: number | null;
  /** As what it answers the caller's bars: production, canary or shadow; null when it does not. */
  readonly arm: string | null;
  readonly modelId: string;
  readonly family: string;
  readonly architecture: string;
  readonly hyperparameters: Readonly<Record<string, number | string>>;
  readonly featureSet: string;
  readonly embeddingVersion: string;
  readonly primaryHorizon: string;
  /** By horizon: whether it showed skill beyond the baseline. */
  readonly edge: readonly boolean[];
  readonly trainedFrom: number;
  readonly trainedThrough: number;
  readonly registeredAt: number;
  readonly rows: number;
  readonly batchInvariant: boolean;
  readonly scores: readonly ScoreView[];
}

export interface ModelsView {
  /** Oldest first. */
  readonly models: readonly ModelView[];
  /** Series that the models were trained on, when it is another. */
  readonly trainedOn: string | null;
}

export interface ReliabilityView {
  readonly bins: readonly {
    readonly horizon: string;
    readonly samples: number;
    readonly stated: number;
    readonly observed: number;
  }[];
}

/** A bin of a calibration curve. */
interface CalibrationBin {
  readonly samples: number;
  readonly stated: number;
  readonly observed: number;
}

interface TrialScore {
  /** Mean, nats a bar. */
  readonly logLoss: number;
  readonly brier: number;
  /** Sum of returns after spreads. */
  readonly profit: number;
  /** Share of the bars it would not have acted on. */
  readonly abstained: number;
}

/** A model that is tried beside production, and what would decide it. */
export interface TrialView {
  readonly version: string;
  readonly against: string;
  readonly kind: string;
  readonly status: string;
  readonly share: number | null;
  readonly until: number | null;
  readonly horizon: string;
  readonly bars: number;
  readonly independentBars: number;
  readonly canaryBars: number;
  readonly own: TrialScore | null;
  readonly other: TrialScore | null;
  /** E-values. */
  readonly better: number;
  readonly worse: number;
  readonly deciding: readonly {
    readonly outcome: string;
    readonly conditions: readonly {
      readonly what: string;
      readonly value: number;
      readonly needed: number;
    }[];
  }[];
}

export interface ModelDetail {
  readonly key: string;
  /** Walk-forward, oldest first. */
  readonly folds: readonly {
    readonly from: number;
    readonly through: number;
    readonly trainedRows: number;
    readonly horizons: readonly {
      readonly horizon: string;
      readonly samples: number;
      readonly directional: number;
      readonly baseline: number;
      readonly logLoss: number;
      readonly baseLogLoss: number;
    }[];
  }[];
  readonly validation: readonly {
    readonly horizon: string;
    readonly logLoss: number;
    readonly baseLogLoss: number;
    readonly brier: number;
    readonly baseBrier: number;
    readonly bins: readonly CalibrationBin[];
  }[];
  /** How much worse the log-loss becomes without each feature, strongest first. */
  readonly importance: readonly { readonly feature: string; readonly logLoss: number }[];
  readonly families: readonly {
    readonly family: string;
    readonly logLoss: number;
    readonly baseLogLoss: number;
    readonly fits: number;
    readonly chosen: number;
  }[];
  readonly uses: readonly { readonly series: string; readonly tenantId: string; readonly arm: string }[];
  /** Newest first. */
  readonly history: readonly {
    readonly at: number;
    readonly from: string | null;
    readonly to: string;
    readonly share: number | null;
    readonly who: string;
    readonly role: string;
    readonly reason: string;
  }[];
  /** Its own trial, or those that run beside it. */
  readonly trials: readonly TrialView[];
  /** What can be done to it; why it cannot. */
  readonly acts: readonly { readonly change: string; readonly refusal: string | null }[];
}

/** What an act would do. */
export interface OutlookView {
  readonly sentence: string;
  readonly refusal: string | null;
}

/** What trading forecasts came to after costs, one position at a time. Shares are of 1. */
export interface TradedView {
  readonly horizon: string;
  readonly trades: number;
  readonly won: number;
  readonly total: number;
  readonly cost: number;
  readonly drawdown: number;
  /** Time, what was gained until then, how far that is below its highest. */
  readonly points: readonly (readonly [number, number, number])[];
}

export interface EquityView {
  /** Of the rows that no fold's model had seen; null for a version that was registered without. */
  readonly walkForward: (TradedView & { readonly quotedShare: number }) | null;
  /** `costed`: trades whose spread is known; the others cost nothing. */
  readonly live: TradedView & { readonly costed: number };
}
