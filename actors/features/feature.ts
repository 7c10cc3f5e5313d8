/**
 * How a feature enters a model. `price`: (value − close) / atr_14. `volume`: value / volume_sma_20. `atr`:
 * value / atr_14. `raw` and `flag`: as it is. `candlestick`: value / 100. `as:NAME`: the model form of
 * another feature, or of a value the engine keeps for models only.
 */
type ModelForm = 'price' | 'volume' | 'atr' | 'raw' | 'flag' | 'candlestick' | `as:${string}`;

const FEATURE_GROUPS = [
  'price',
  'trend',
  'momentum',
  'volatility',
  'volume',
  'candlesticks',
  'structure',
  'time',
] as const;
export type FeatureGroup = (typeof FEATURE_GROUPS)[number];

/** One column of the feature row. */
export interface FeatureSpec {
  readonly name: string;
  readonly group: FeatureGroup;
  /** Unit of the stored value. */
  readonly unit: string;
  /** Bars needed for the first value; later when the series lacks what it needs (volume, swings, a trading day). */
  readonly warmUpBars: number;
  readonly form: ModelForm;
  readonly formula: string;
  /** Name of the TA-Lib function it equals, if it is one. */
  readonly talib?: string;
}

/** Row of a group's table: name, model form, unit, warm-up bars, formula, TA-Lib function. */
export type FeatureTuple = readonly [string, ModelForm, string, number, string, string?];

/** Turns a group's table into specifications. */
export function specs(group: FeatureGroup, table: readonly FeatureTuple[]): readonly FeatureSpec[] {
  return table.map(([name, form, unit, warmUpBars, formula, talib]) => ({
    name,
    group,
    unit,
    warmUpBars,
    form,
    formula,
    ...(talib === undefined ? {} : { talib }),
  }));
}

/** Gives the column of a feature by name; throws on a name that is not in the catalogue. */
export type ColumnOf = (name: string) => number;
