import { HORIZONS } from '../features/labels.js';
import type { FeatureRow } from '../messages.js';
import type { Calibrated } from './calibration.js';
import type { Evidence, ModelEvidence, PatternEvidence } from './evidence.js';
import {
  isProbability,
  isValidForecast,
  isValidModelEvidence,
  isValidPatternEvidence,
} from './evidence-validity.js';
import type { Gates } from './gates.js';
import { predictionId } from './prediction-id.js';
import type { Route } from './route.js';
import type { AbstainReason, DegradedReason, Direction, HorizonForecast, Signal } from './signal.js';

/** Observations the model's probabilities are worth when similar moments are added as observations. */
export const MODEL_WEIGHT = 100;

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

/**
 * The likeliest direction of a forecast (−1, 0, +1) and its probability. A direction is given only to what is
 * shown to be likelier, so a forecast with NaN in it is flat.
 */
export function likeliest(forecast: HorizonForecast): { direction: number; probability: number } {
  const { down, flat, up } = forecast;
  if (up >= down && up > flat) return { direction: 1, probability: up };
  if (down > up && down > flat) return { direction: -1, probability: down };
  return { direction: 0, probability: flat };
}

export interface SignalInputs {
  readonly tenantId: string;
  /** User it is for alone. */
  readonly userId?: string | undefined;
  readonly row: FeatureRow;
  readonly route: Route;
  readonly gates: Gates;
  readonly evidence: Evidence;
  readonly model: ModelEvidence;
  /** Corrects a stated probability by what such statements were worth. */
  readonly calibrate: (horizon: number, probability: number) => Calibrated;
}

/**
 * Makes the signal of a row from its evidence. Invalid evidence of the model abstains with `model_error`;
 * invalid evidence of patterns is left out, like that of a lookup that failed.
 */
export function makeSignal(inputs: SignalInputs): Signal {
  const { tenantId, userId, row, route, model } = inputs;
  const evidence = withValidPatterns(inputs.evidence);
  const forecasts = combine(model, evidence.patterns);
  const primary = forecasts[route.primaryHorizon]!;
  const { direction, probability } = likeliest(primary);
  const { probability: stated, record } = inputs.calibrate(route.primaryHorizon, probability);
  // A confidence that is not one is none.
  const confidence = isProbability(stated) ? stated : 0;
  const abstained = abstentions(inputs, forecasts, direction);
  if (confidence !== stated && !abstained.includes('low_confidence')) abstained.push('low_confidence');
  const acts: Direction = direction > 0 ? 'LONG' : 'SHORT';
  return {
    predictionId: predictionId(tenantId, row.symbol, row.timeframe, row.closeTime, model.version, userId),
    tenantId,
    ...(userId === undefined ? {} : { userId }),
    symbol: row.symbol,
    timeframe: row.timeframe,
    barCloseTime: row.closeTime,
    price: row.bar.close,
    direction: abstained.length > 0 ? 'FLAT' : acts,
    confidence,
    ...(record === undefined ? {} : { calibration: record }),
    primaryHorizon: route.primaryHorizon,
    forecasts,
    model,
    patterns: evidence.patterns,
    anomaly: model.anomaly,
    qualityScore: row.qualityScore,
    qualityFlags: row.qualityFlags,
    abstained,
    degraded: degradations(evidence, model.anomaly, inputs.gates),
    timing: evidence.timing,
  };
}

function withValidPatterns(evidence: Evidence): Evidence {
  const { patterns } = evidence;
  if (patterns === undefined || isValidPatternEvidence(patterns)) return evidence;
  return { ...evidence, patterns: undefined, patternFailure: 'error' };
}

/**
 * Why a signal must not act. Each gate asks whether a number is shown to be good, never whether it is bad: NaN
 * compares false with everything, so it passes no gate.
 */
function abstentions(
  inputs: SignalInputs,
  forecasts: readonly HorizonForecast[],
  direction: number,
): AbstainReason[] {
  const { row, route, gates, model } = inputs;
  const primary = forecasts[route.primaryHorizon]!;
  const reasons: AbstainReason[] = [];
  if (!isValidModelEvidence(model) || !forecasts.every(isValidForecast)) reasons.push('model_error');
  if (route.edge[route.primaryHorizon] !== true) reasons.push('no_edge');
  if (direction === 0) reasons.push('flat_predicted');
  const share = Math.max(primary.up, primary.down) / (primary.up + primary.down);
  if (!(share >= gates.minDirectionalShare)) reasons.push('low_confidence');
  if (!(
    row.qualityScore >= gates.minQualityScore &&
    isProbability(row.qualityScore) &&
    isPrice(row.bar.close)
  ))
    reasons.push('low_quality');
  // A score that is none is no unusual moment that may be let pass.
  const isNoted = gates.onAnomaly === 'note' && Number.isFinite(model.anomaly);
  if (!(model.anomaly <= gates.maxAnomaly) && !isNoted) reasons.push('anomalous');
  const gain = directedReturn(direction, primary.expectedReturn);
  if (!coversCost(gain, row, gates.minReturnInSpreads)) reasons.push('cost_exceeds_return');
  return reasons;
}

function isPrice(x: number): boolean {
  return Number.isFinite(x) && x > 0;
}

/** The expected return of a position in a direction (−1, +1); of the better one where there is no direction (0). */
export function directedReturn(direction: number, expectedReturn: number): number {
  return direction === 0 ? Math.abs(expectedReturn) : direction * expectedReturn;
}

/**
 * Whether a position's expected return is worth so many spreads; where the tenant asks for none, whatever it is. A bar without
 * quotes (NaN) has no known spread: it is not shown to be worth any.
 */
function coversCost(gain: number, { bar }: FeatureRow, minReturnInSpreads: number): boolean {
  if (!Number.isFinite(gain)) return false;
  const spread = (bar.ask - bar.bid) / bar.close;
  if (Number.isNaN(bar.ask) || Number.isNaN(bar.bid)) return minReturnInSpreads === 0;
  return spread >= 0 && (minReturnInSpreads === 0 || gain >= minReturnInSpreads * spread);
}

function degradations(
  { patternFailure }: Evidence,
  anomaly: number,
  { maxAnomaly, onAnomaly }: Gates,
): DegradedReason[] {
  const reasons: DegradedReason[] = patternFailure === undefined ? [] : [`patterns_${patternFailure}`];
  if (onAnomaly === 'note' && anomaly > maxAnomaly) reasons.push('anomalous');
  return reasons;
}
