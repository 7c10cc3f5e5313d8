import { HORIZONS } from '../../actors/features/labels.js';
import type { Direction, Signal } from '../../actors/signals/signal.js';
import { toProtoTimeframe } from './fields.js';
import type { Direction__Output as ProtoDirection } from './generated/suho/v1/Direction.js';
import type { Signal__Output as ProtoSignal } from './generated/suho/v1/Signal.js';

/** Directions in the words of the API, by number: −1, 0, +1. */
const DIRECTIONS = ['DIRECTION_SHORT', 'DIRECTION_FLAT', 'DIRECTION_LONG'] as const;
const DIRECTION_OF = { SHORT: DIRECTIONS[0], FLAT: DIRECTIONS[1], LONG: DIRECTIONS[2] } as const;

/**
 * A signal as users get it in JSON, from NATS and the command line: the API's message, with sequence number and time as
 * numbers. It is what the wire takes as well.
 */
export type SignalJson = Readonly<
  Omit<ProtoSignal, 'sequence' | 'bar_close_time'> & { sequence: number; bar_close_time: number }
>;

/** A signal of the API as users get it in JSON. */
export function readSignal(signal: ProtoSignal): SignalJson {
  return {
    ...signal,
    sequence: Number(signal.sequence),
    bar_close_time: Number(signal.bar_close_time),
  };
}

/** A direction in the words of the API. */
export function toProtoDirection(direction: Direction): ProtoDirection {
  return DIRECTION_OF[direction];
}

/** A direction of the API as people read it: LONG, SHORT, FLAT. */
export function directionName(direction: ProtoDirection): string {
  return direction.replace(/^DIRECTION_/, '');
}

/** A signal as it goes to users and over the wire. */
export function signalJson(sequence: number, signal: Signal): SignalJson {
  return {
    sequence,
    prediction_id: signal.predictionId,
    tenant_id: signal.tenantId,
    symbol: signal.symbol,
    timeframe: toProtoTimeframe(signal.timeframe),
    bar_close_time: signal.barCloseTime,
    price: signal.price,
    direction: toProtoDirection(signal.direction),
    confidence: signal.confidence,
    primary_horizon: HORIZONS[signal.primaryHorizon]!,
    forecasts: signal.forecasts.map((forecast, i) => ({
      horizon: HORIZONS[i]!,
      down: forecast.down,
      flat: forecast.flat,
      up: forecast.up,
      expected_return: forecast.expectedReturn,
    })),
    model: {
      model_id: signal.model.modelId,
      version: signal.model.version,
      arm: signal.model.arm,
      probabilities: [...signal.model.probabilities],
    },
    patterns: patternsJson(signal),
    anomaly: signal.anomaly,
    quality_score: signal.qualityScore,
    quality_flags: signal.qualityFlags,
    abstained: [...signal.abstained],
    degraded: [...signal.degraded],
    timing: { inference_ms: signal.timing.inferenceMs, patterns_ms: signal.timing.patternsMs },
  };
}

/** What similar moments said over a signal's primary horizon, as it goes over the wire. */
export function patternsJson({
  patterns,
  primaryHorizon,
}: Pick<Signal, 'patterns' | 'primaryHorizon'>): ProtoSignal['patterns'] {
  const vote = patterns?.votes[primaryHorizon];
  if (patterns === undefined || vote === undefined) return null;
  return {
    embedding_version: patterns.embeddingVersion,
    matches: vote.matches,
    effective_sample_size: vote.effectiveSampleSize,
    agreement: vote.winRate,
    direction: DIRECTIONS[vote.direction + 1]!,
    win_rate_low: vote.winRateLow,
    win_rate_high: vote.winRateHigh,
    mean_return: vote.meanReturn,
    similarity: patterns.similarity,
    nearest: [...patterns.nearest],
  };
}
