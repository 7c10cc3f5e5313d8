import type { Timeframe } from '../market/timeframe.js';
import type { CalibrationRecord, ModelEvidence, PatternEvidence, Timing } from './evidence.js';

export type Direction = 'LONG' | 'SHORT' | 'FLAT';

/** Why a signal is FLAT although it was asked for. */
export type AbstainReason =
  | 'model_error'
  | 'no_edge'
  | 'flat_predicted'
  | 'low_confidence'
  | 'low_quality'
  | 'anomalous'
  | 'cost_exceeds_return';

/** What a signal had to do without, and that its moment is anomalous where its tenant lets such signals act. */
export type DegradedReason = 'patterns_deadline' | 'patterns_error' | 'patterns_none_yet' | 'anomalous';

/** Why no signal went out for a bar. */
export type WithheldReason =
  'no_model' | 'warming_up' | 'model_deadline' | 'model_error' | 'feature_set_mismatch';

export interface HorizonForecast {
  /** Combined probabilities of down, flat, up. */
  readonly down: number;
  readonly flat: number;
  readonly up: number;
  readonly expectedReturn: number;
}

/** The answer for one bar: what to do, how sure, and why. */
export interface Signal {
  readonly predictionId: string;
  readonly tenantId: string;
  /** User it is for alone; absent where it is for the whole tenant. */
  readonly userId?: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly barCloseTime: number;
  readonly price: number;
  readonly direction: Direction;
  /** Calibrated probability that the primary horizon's direction is right, 0..1. */
  readonly confidence: number;
  /** What it was corrected by; absent where it is as stated. */
  readonly calibration?: CalibrationRecord;
  readonly primaryHorizon: number;
  /** One forecast a horizon. */
  readonly forecasts: readonly HorizonForecast[];
  readonly model: ModelEvidence;
  readonly patterns: PatternEvidence | undefined;
  readonly anomaly: number;
  readonly qualityScore: number;
  readonly qualityFlags: number;
  readonly abstained: readonly AbstainReason[];
  readonly degraded: readonly DegradedReason[];
  readonly timing: Timing;
}
