import { HORIZONS } from '../features/labels.js';
import type { FeatureRow } from '../messages.js';
import type { Evidence, ModelEvidence, PatternEvidence } from './evidence.js';
import type { Gates } from './gates.js';
import { predictionId } from './prediction-id.js';
import type { Route } from './route.js';
import type { AbstainReason, DegradedReason, Direction, HorizonForecast, Signal } from './signal.js';

/** Observations the model's probabilities are worth when similar moments are added as observations. */
const MODEL_WEIGHT = 100;

/**
 * Combines model and pattern evidence for each horizon. The model's distribution is a prior worth 100
 * observations; the similar moments are as many further ones as their effective sample size. So twenty
 * independent moments move a forecast by at most a sixth, and none leave it as the model said.
 */
export function combine(model: ModelEvidence, patterns: PatternEvidence | undefined): HorizonForecast[] {
  return HORIZONS.map((_, horizon) => {
    const vote = patterns?.votes[horizon];
    const size = vote?.effectiveSampleSize ?? 0;
    const pool = (share: number): number =>
      (MODEL_WEIGHT * model.probabilities[horizon * 3 + share]! + size * (vote?.shares[share] ?? 0)) /
      (MODEL_WEIGHT + size);
    return {
      down: pool(0),
      flat: pool(1),
      up: pool(2),
      expectedReturn:
        (MODEL_WEIGHT * model.returns[horizon]! + size * (vote?.meanReturn ?? 0)) / (MODEL_WEIGHT + size),
    };
  });
}

/** The likeliest direction of a forecast (−1, 0, +1) and its probability. */
export function likeliest(forecast: HorizonForecast): { direction: number; probability: number } {
  const { down, flat, up } = forecast;
  if (flat >= down && flat >= up) return { direction: 0, probability: flat };
  return up >= down ? { direction: 1, probability: up } : { direction: -1, probability: down };
}

export interface SignalInputs {
  readonly tenantId: string;
  readonly row: FeatureRow;
  readonly route: Route;
  readonly gates: Gates;
  readonly evidence: Evidence;
  readonly model: ModelEvidence;
  /** Corrects a stated probability by what such statements were worth. */
  readonly calibrate: (horizon: number, probability: number) => number;
}

/** Makes the signal of a row from its evidence. */
export function makeSignal(inputs: SignalInputs): Signal {
  const { tenantId, row, route, evidence, model } = inputs;
  const forecasts = combine(model, evidence.patterns);
  const primary = forecasts[route.primaryHorizon]!;
  const { direction, probability } = likeliest(primary);
  const abstained = abstentions(inputs, primary, direction);
  const acts: Direction = direction > 0 ? 'LONG' : 'SHORT';
  return {
    predictionId: predictionId(tenantId, row.symbol, row.timeframe, row.closeTime, model.version),
    tenantId,
    symbol: row.symbol,
    timeframe: row.timeframe,
    barCloseTime: row.closeTime,
    price: row.bar.close,
    direction: abstained.length > 0 ? 'FLAT' : acts,
    confidence: inputs.calibrate(route.primaryHorizon, probability),
    primaryHorizon: route.primaryHorizon,
    forecasts,
    model,
    patterns: evidence.patterns,
    anomaly: model.anomaly,
    qualityScore: row.qualityScore,
    qualityFlags: row.qualityFlags,
    abstained,
    degraded: degradations(evidence),
    timing: evidence.timing,
  };
}

function abstentions(inputs: SignalInputs, primary: HorizonForecast, direction: number): AbstainReason[] {
  const { row, route, gates, model } = inputs;
  const reasons: AbstainReason[] = [];
  if (route.edge[route.primaryHorizon] !== true) reasons.push('no_edge');
  if (direction === 0) reasons.push('flat_predicted');
  const share = Math.max(primary.up, primary.down) / (primary.up + primary.down);
  if (share < gates.minDirectionalShare) reasons.push('low_confidence');
  if (row.qualityScore < gates.minQualityScore) reasons.push('low_quality');
  if (model.anomaly > gates.maxAnomaly) reasons.push('anomalous');
  const spread = (row.bar.ask - row.bar.bid) / row.bar.close;
  if (Math.abs(primary.expectedReturn) < gates.minReturnInSpreads * spread)
    reasons.push('cost_exceeds_return');
  return reasons;
}

function degradations(evidence: Evidence): DegradedReason[] {
  switch (evidence.patternFailure) {
    case 'deadline':
      return ['patterns_deadline'];
    case 'error':
      return ['patterns_error'];
    case 'none_yet':
      return ['patterns_none_yet'];
    case undefined:
      return [];
  }
}
