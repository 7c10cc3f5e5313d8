import { CATALOGUE } from '../../actors/features/catalogue.js';

/** Indicators and market conditions that are kept with a moment, for people and for filters. */
export const CONDITIONS = [
  'close',
  'rsi_14',
  'adx_14',
  'natr_14',
  'stoch_k',
  'cci_20',
  'bb_percent_b',
  'zscore_close_20',
  'volume_ratio_20',
  'spread_bps',
  'trend_strength_20',
  'vol_regime',
  'hurst_100',
  'session_asia',
  'session_london',
  'session_newyork',
  'quality_score',
] as const;

const PLACES = CONDITIONS.map(
  (name) => [name, CATALOGUE.findIndex((feature) => feature.name === name)] as const,
);

/** The conditions of a row of features; one that is not known (NaN) is left out. */
export function conditionsOf(values: Float32Array): Record<string, number> {
  const conditions: Record<string, number> = {};
  for (const [name, place] of PLACES) {
    const value = values[place]!;
    if (!Number.isNaN(value)) conditions[name] = value;
  }
  return conditions;
}
