import { HORIZONS } from '../../actors/features/labels.js';
import { QUALITY_FLAG } from '../../actors/features/quality.js';
import { MODEL_WEIGHT } from '../../actors/signals/aggregation.js';
import type { HorizonForecast, Signal } from '../../actors/signals/signal.js';
import type { StoredPrediction } from '../prediction-store/prediction-store.js';
import type { HorizonView, OutcomeView, SignalRow } from './wire.js';

/** Up or down, whichever is likelier: what a signal leans to also where it abstains. */
function leaningOf({ up, down }: HorizonForecast): number {
  return up >= down ? 1 : -1;
}

/** A signal that is in the journal. */
export function rowOfSignal(signal: Signal): SignalRow {
  return {
    id: signal.predictionId,
    symbol: signal.symbol,
    timeframe: signal.timeframe,
    time: signal.barCloseTime,
    price: signal.price,
    direction: signal.direction,
    leaning: leaningOf(signal.forecasts[signal.primaryHorizon]!),
    confidence: signal.confidence,
    horizon: HORIZONS[signal.primaryHorizon]!,
    abstained: signal.abstained,
    degraded: signal.degraded,
    version: signal.model.version,
    outcome: null,
  };
}

/** A signal as it is stored. */
export function rowOfPrediction(stored: StoredPrediction): SignalRow {
  const primary = HORIZONS.findIndex((horizon) => horizon === stored.primaryHorizon);
  const forecast = stored.forecasts[primary];
  return {
    id: stored.predictionId,
    symbol: stored.symbol,
    timeframe: stored.timeframe,
    time: stored.barCloseTime,
    price: stored.price,
    direction: stored.direction,
    leaning: forecast === undefined ? 0 : leaningOf(forecast),
    confidence: stored.confidence,
    horizon: stored.primaryHorizon,
    abstained: stored.abstained,
    degraded: stored.degraded,
    version: stored.modelVersion,
    outcome: stored.outcomes[primary] ?? null,
  };
}

/** The forecasts of a signal, with what they were made from where the journal still has it. */
export function horizonsOf(
  { forecasts, primaryHorizon }: Pick<Signal, 'forecasts' | 'primaryHorizon'>,
  signal: Signal | undefined,
  outcomes: readonly (OutcomeView | undefined)[],
): HorizonView[] {
  return forecasts.map((forecast, i) => {
    const vote = signal?.patterns?.votes[i];
    const model = signal?.model.probabilities.slice(i * 3, i * 3 + 3) ?? null;
    return {
      horizon: HORIZONS[i]!,
      primary: i === primaryHorizon,
      down: forecast.down,
      flat: forecast.flat,
      up: forecast.up,
      expectedReturn: forecast.expectedReturn,
      model,
      moments: vote?.shares ?? null,
      matches: vote?.matches ?? null,
      effectiveMoments: vote?.effectiveSampleSize ?? null,
      modelShare:
        signal === undefined ? null : MODEL_WEIGHT / (MODEL_WEIGHT + (vote?.effectiveSampleSize ?? 0)),
      outcome: outcomes[i] ?? null,
    };
  });
}

/** Names of the flags that are set. */
export function flagNames(flags: number): string[] {
  return Object.entries(QUALITY_FLAG).flatMap(([name, bit]) => ((flags & bit) > 0 ? [name] : []));
}
