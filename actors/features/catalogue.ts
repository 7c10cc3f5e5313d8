import { CANDLESTICK_FEATURES } from './candlestick-features.js';
import type { FeatureSpec } from './feature.js';
import { MOMENTUM_FEATURES } from './momentum-features.js';
import { PRICE_FEATURES } from './price-features.js';
import { STRUCTURE_FEATURES } from './structure-features.js';
import { TIME_FEATURES } from './time-features.js';
import { TREND_FEATURES } from './trend-features.js';
import { VOLATILITY_FEATURES } from './volatility-features.js';
import { VOLUME_FEATURES } from './volume-features.js';

/** Every feature, in the order of the row. */
export const CATALOGUE: readonly FeatureSpec[] = [
  ...PRICE_FEATURES,
  ...TREND_FEATURES,
  ...MOMENTUM_FEATURES,
  ...VOLATILITY_FEATURES,
  ...VOLUME_FEATURES,
  ...CANDLESTICK_FEATURES,
  ...STRUCTURE_FEATURES,
  ...TIME_FEATURES,
];

export const FEATURE_COUNT = CATALOGUE.length;

/**
 * Values computed beside the features only to be the model form of one: they follow the features in the
 * engine's scratch row and are never stored.
 */
export const MODEL_ONLY = [
  'ad_slope_20',
  'force_ratio',
  'eom_ratio',
  'amihud_ratio',
  'session_days',
  'week_fraction',
  'gap_fraction',
  'tick_ratio',
  'atr_7_ratio',
  'atr_14_ratio',
] as const;

const COLUMNS = new Map<string, number>(
  [...CATALOGUE.map((spec) => spec.name), ...MODEL_ONLY].map((name, column) => [name, column]),
);

/** Column of a feature; throws on an unknown name. */
export function columnOf(name: string): number {
  const column = COLUMNS.get(name);
  if (column === undefined) throw new Error(`The catalogue has no feature "${name}".`);
  return column;
}

/**
 * Raised whenever a feature takes another value on the same bars although its name and formula stay. 1: up to TA-Lib
 * 0.7.1; 2: TA-Lib 0.8.1, deviations exact at any price level.
 */
const FEATURE_VALUES_REVISION = 2;

/**
 * Name of this catalogue's version: {@link FEATURE_VALUES_REVISION}, then a 64-bit FNV-1a hash over all that a model
 * depends on (names, order, forms, warm-ups, formulas). A model trained on another version is refused.
 */
export const FEATURE_SET_VERSION: string = `fs${FEATURE_VALUES_REVISION}-${versionHash(
  CATALOGUE.map(({ name, form, formula, warmUpBars }) => `${name}|${form}|${formula}|${warmUpBars}`),
)}`;

/** 64-bit FNV-1a hash of some texts, 16 hexadecimal digits. */
export function versionHash(texts: readonly string[]): string {
  let hash = 0xcbf29ce484222325n;
  for (const character of texts.map((text) => `${text};`).join(''))
    hash = ((hash ^ BigInt(character.codePointAt(0)!)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return hash.toString(16).padStart(16, '0');
}
