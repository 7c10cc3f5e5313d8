import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { HORIZONS, type Label } from '../../actors/features/labels.js';
import { CHANNELS, CHANNEL_COUNT } from '../../actors/features/sequence-channels.js';
import type { Bar } from '../../actors/market/bar.js';
import type { Calendar } from '../../actors/market/calendar.js';
import type { PriceBasis } from '../../actors/market/quote.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import { SeriesMachine } from '../../actors/series-machine.js';
import { LABEL_COLUMNS, type RowDecoder } from '../feature-store/table.js';
import type { ExportRow } from './export-writer.js';

/** What `--labels` adds to a row, in this order. The quality's score is a feature. */
export const LABELLED_COLUMNS: readonly string[] = ['quality_flags', ...LABEL_COLUMNS];

/** What `--channels` adds: the sequence channels of the row's bar, before the labels. */
const CHANNEL_COLUMNS: readonly string[] = CHANNELS.map(({ name }) => `channel_${name}`);

const NUMBERS = LABEL_COLUMNS.length / HORIZONS.length;
const LAST_HORIZON = HORIZONS.length - 1;

interface Row extends ExportRow {
  readonly values: Float64Array;
}

/** What rows of bars have beside their features. */
export interface RowForm {
  /** Features as a model sees them, not as they are. */
  readonly isModelForm: boolean;
  readonly hasChannels: boolean;
  readonly hasLabels: boolean;
}

/**
 * Rows of consecutive bars. With labels a row waits until its longest horizon is over, or the bars are. Rows come out in the order of
 * their bars.
 */
export class BarRows {
  /** Columns of a row after its features. */
  readonly further: readonly string[];
  readonly #form: RowForm;
  readonly #machine: SeriesMachine;
  readonly #state: Float64Array;
  readonly #labelsAt: number;
  /** Rows whose longest horizon is open, by close time, oldest first. */
  readonly #waiting = new Map<number, Row>();

  constructor(timeframe: Timeframe, basis: PriceBasis, calendar: Calendar, form: RowForm) {
    const channels = form.hasChannels ? CHANNEL_COLUMNS : [];
    this.further = form.hasLabels ? [...channels, ...LABELLED_COLUMNS] : channels;
    this.#form = form;
    this.#labelsAt = FEATURE_COUNT + channels.length + 1;
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
      this.#writeLabel(row.values, label);
      if (label.horizon !== LAST_HORIZON) return;
      this.#waiting.delete(label.closeTime);
      complete.push(row);
    });
    if (!wanted) return complete;
    const row = { ts: bar.openTime, values: this.#values() };
    if (!this.#form.hasLabels) return [row];
    row.values[this.#labelsAt - 1] = features.quality.flags;
    this.#waiting.set(features.market.closeTime, row);
    return complete;
  }

  /** The rows whose labels are not all known when the bars end. */
  rest(): ExportRow[] {
    const rows = [...this.#waiting.values()];
    this.#waiting.clear();
    return rows;
  }

  #values(): Float64Array {
    const { features, sequence } = this.#machine;
    const values = new Float64Array(FEATURE_COUNT + this.further.length).fill(NaN);
    if (this.#form.isModelForm) {
      const row = new Float32Array(FEATURE_COUNT);
      features.writeModelForm(row, 0);
      values.set(row);
    } else values.set(features.row.subarray(0, FEATURE_COUNT));
    // A model is given them in 32 bits.
    if (this.#form.hasChannels)
      for (let i = 0; i < CHANNEL_COUNT; i++) values[FEATURE_COUNT + i] = Math.fround(sequence.values[i]!);
    return values;
  }

  #writeLabel(values: Float64Array, label: Readonly<Label>): void {
    const at = this.#labelsAt + label.horizon * NUMBERS;
    values[at] = label.direction;
    values[at + 1] = label.return;
    values[at + 2] = label.maxGain;
    values[at + 3] = label.maxLoss;
    values[at + 4] = label.barrier;
    values[at + 5] = label.resolvedAt;
  }
}

/** The same columns of a stored row. */
export function storedLabels(rows: RowDecoder, row: number): number[] {
  return [
    rows.qualityFlags(row),
    ...LABEL_COLUMNS.map((_, i) => rows.label(row, Math.floor(i / NUMBERS), i % NUMBERS)),
  ];
}
