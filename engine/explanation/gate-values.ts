import { directedReturn, likeliest } from '../../actors/signals/aggregation.js';
import type { Gates } from '../../actors/signals/gates.js';
import type { AbstainReason, Signal } from '../../actors/signals/signal.js';

/** What a gate asked of a signal and what it got. */
export interface GateValue {
  readonly name: string;
  /** The reason a signal that fails it has in `abstained`. */
  readonly reason: AbstainReason;
  /** Null where the gate looks at no single number, or it is unknown. */
  readonly value: number | null;
  readonly limit: number | null;
  readonly passed: boolean;
}

/**
 * What each gate asked of a signal and what it got. `spread` is the bar's over its close, NaN where unknown; undefined where
 * the bar is not known any more.
 */
export function gateValues(
  of: Pick<Signal, 'abstained' | 'anomaly' | 'qualityScore' | 'forecasts' | 'primaryHorizon'>,
  gates: Gates,
  spread: number | undefined,
): GateValue[] {
  const primary = of.forecasts[of.primaryHorizon]!;
  const { direction, probability } = likeliest(primary);
  const gain = directedReturn(direction, primary.expectedReturn);
  const spreads = spread === undefined || !(spread > 0) ? null : gain / spread;
  const gate = (
    name: string,
    reason: AbstainReason,
    value: number | null,
    limit: number | null,
  ): GateValue => ({
    name,
    reason,
    value: value === null || !Number.isFinite(value) ? null : value,
    limit,
    passed: !of.abstained.includes(reason),
  });
  return [
    gate('model is valid', 'model_error', null, null),
    gate('skill in validation', 'no_edge', null, null),
    gate('a direction is likeliest', 'flat_predicted', probability, null),
    gate(
      'directional share',
      'low_confidence',
      Math.max(primary.up, primary.down) / (primary.up + primary.down),
      gates.minDirectionalShare,
    ),
    gate('data quality', 'low_quality', of.qualityScore, gates.minQualityScore),
    gate('anomaly, at most', 'anomalous', of.anomaly, gates.maxAnomaly),
    gate('expected return in spreads', 'cost_exceeds_return', spreads, gates.minReturnInSpreads),
  ];
}
