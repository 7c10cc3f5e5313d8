import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import type { FeatureEngine } from '../../actors/features/feature-engine.js';
import { HORIZONS, type Label } from '../../actors/features/labels.js';
import type { Bar } from '../../actors/market/bar.js';
import type { Calendar } from '../../actors/market/calendar.js';
import type { PriceBasis } from '../../actors/market/quote.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import { SeriesMachine } from '../../actors/series-machine.js';
import { LABEL_COLUMNS, type RowDecoder } from '../feature-store/table.js';
import type { ExportRow } from './export-writer.js';

/** What `--labels` adds to a row, in this order. The quality's score is a feature. */
export const LABELLED_COLUMNS: readonly string[] = ['quality_flags', ...LABEL_COLUMNS];

const LABELS_AT = FEATURE_COUNT + 1;
const NUMBERS = LABEL_COLUMNS.length / HORIZONS.length;
const LAST_HORIZON = HORIZONS.length - 1;

interface Row extends ExportRow {
  readonly values: Float64Array;
}

/**
 * Features of consecutive bars with the quality and the labels of each: a row waits until its longest horizon is over, or the
 * bars are. Rows come out in the order of their bars.
 */
export class LabelledRows {
  readonly #machine: SeriesMachine;
  readonly #state: Float64Array;
  /** Rows whose longest horizon is open, by close time, oldest first. */
  readonly #waiting = new Map<number, Row>();

  readonly #isModelForm: boolean;

  /** `isModelForm`: features as a model sees them, not as they are. */
  constructor(timeframe: Timeframe, basis: PriceBasis, calendar: Calendar, isModelForm: boolean) {
    this.#isModelForm = isModelForm;
    this.#machine = new SeriesMachine(timeframe, basis, calendar);
    this.#state = new Float64Array(this.#machine.stateSize);
  }

  /** Takes the next bar, whose row is wanted or not; returns the rows it completes. */
  take(bar: Bar, wanted: boolean): ExportRow[] {
    const complete: ExportRow[] = [];
    const { features } = this.#machine;
    this.#machine.close(this.#state, bar, (label) => {
      const row = this.#waiting.get(label.closeTime);
      if (row === undefined) return;
      writeLabel(row.values, label);
      if (label.horizon !== LAST_HORIZON) return;
      this.#waiting.delete(label.closeTime);
      complete.push(row);
    });
    if (!wanted) return complete;
    const values = new Float64Array(FEATURE_COUNT + LABELLED_COLUMNS.length).fill(NaN);
    values.set(this.#isModelForm ? modelFormOf(features) : features.row.subarray(0, FEATURE_COUNT));
    values[FEATURE_COUNT] = features.quality.flags;
    this.#waiting.set(features.market.closeTime, { ts: bar.openTime, values });
    return complete;
  }

  /** The rows whose labels are not all known when the bars end. */
  rest(): ExportRow[] {
    const rows = [...this.#waiting.values()];
    this.#waiting.clear();
    return rows;
  }
}

/** The features of the newest bar as a model sees them. */
export function modelFormOf(features: Pick<FeatureEngine, 'writeModelForm'>): Float32Array {
  const row = new Float32Array(FEATURE_COUNT);
  features.writeModelForm(row, 0);
  return row;
}

function writeLabel(values: Float64Array, label: Readonly<Label>): void {
  const at = LABELS_AT + label.horizon * NUMBERS;
  values[at] = label.direction;
  values[at + 1] = label.return;
  values[at + 2] = label.maxGain;
  values[at + 3] = label.maxLoss;
  values[at + 4] = label.barrier;
  values[at + 5] = label.resolvedAt;
}

/** The same columns of a stored row. */
export function storedLabels(rows: RowDecoder, row: number): number[] {
  return [
    rows.qualityFlags(row),
    ...LABEL_COLUMNS.map((_, i) => rows.label(row, Math.floor(i / NUMBERS), i % NUMBERS)),
  ];
}
