import { InputWindow, type ColumnDrift } from './input-window.js';
import type { DriftReference } from './reference.js';
import { benjaminiHochberg } from './significance.js';

/** Rows of the short window, which sees a large change soon. */
const SHORT_ROWS = 512;
/** Short windows in the long one, which sees a small change at all. */
const SHORT_IN_LONG = 4;
/** A change of less than this is of no consequence, however certain: the usual limit of a moderate shift (Siddiqi 2006). */
const PSI_MIN = 0.1;
/** Of a timeframe with few bars a year, no test is made less strict than this. */
const RATE_MAX = 0.05;

/**
 * Of bars shorter than an hour one in up to four is counted: neighbours say much the same, and counting one costs the main
 * thread 5 µs.
 */
const STRIDE_MAX = 4;
const HOUR_MS = 3_600_000;
export const YEAR_MS = 365 * 86_400_000;

/** Live state of {@link InputDrift}, to be kept over a restart. */
export interface InputDriftState {
  readonly windows: readonly { readonly rows: number; readonly counts: Uint16Array }[];
  /** Rows until the next one is counted. */
  readonly skip: number;
}

/** Columns whose distribution changed, the surest first. */
export interface InputFinding {
  readonly rows: number;
  readonly columns: readonly ColumnDrift[];
}

/**
 * Compares the distribution of live rows with the reference of a model, each {@link SHORT_ROWS} rows and each four times as
 * many. `falseAlarmsAYear` is what all its tests together may raise while nothing changes.
 */
export class InputDrift {
  readonly #reference: DriftReference;
  readonly #short: InputWindow;
  readonly #long: InputWindow;
  readonly #stride: number;
  /** Chance of a false alarm that a test may take for each row in it. */
  readonly #rateOfRow: number;
  #skip = 0;

  constructor(
    reference: DriftReference,
    { falseAlarmsAYear, barMs }: { readonly falseAlarmsAYear: number; readonly barMs: number },
  ) {
    this.#reference = reference;
    this.#stride = Math.max(1, Math.min(STRIDE_MAX, Math.floor(HOUR_MS / barMs)));
    this.#short = new InputWindow(reference, this.#stride);
    this.#long = new InputWindow(reference, this.#stride);
    // Half for each window.
    this.#rateOfRow = (falseAlarmsAYear / 2) * ((barMs * this.#stride) / YEAR_MS);
  }

  /** Takes a row; what a window that is full with it shows, if that is drift. */
  see(row: Float32Array): InputFinding | undefined {
    if (this.#skip > 0) {
      this.#skip--;
      return undefined;
    }
    this.#skip = this.#stride - 1;
    this.#short.add(row);
    if (this.#short.rows < SHORT_ROWS) return undefined;
    this.#long.addWindow(this.#short);
    let found = this.#judge(this.#short);
    this.#short.clear();
    if (this.#long.rows < SHORT_ROWS * SHORT_IN_LONG) return found;
    found ??= this.#judge(this.#long);
    this.#long.clear();
    return found;
  }

  #judge(window: InputWindow): InputFinding | undefined {
    const { rows } = window;
    const distances = Array.from({ length: this.#reference.columns }, (_, column) => window.distance(column));
    const significant = benjaminiHochberg(
      distances.map(({ p }) => p),
      Math.min(RATE_MAX, this.#rateOfRow * rows),
    );
    const columns = significant
      .map((i) => ({ ...distances[i]!, psi: window.stability(i) }))
      .filter(({ psi }) => psi >= PSI_MIN);
    return columns.length === 0 ? undefined : { rows, columns };
  }

  get state(): InputDriftState {
    const windows = [this.#short, this.#long].map(({ rows, counts }) => ({ rows, counts }));
    return { windows, skip: this.#skip };
  }

  restore({ windows, skip }: InputDriftState): void {
    this.#skip = skip;
    for (const [i, window] of [this.#short, this.#long].entries()) {
      const kept = windows[i];
      if (kept?.counts.length !== window.counts.length) continue;
      window.counts.set(kept.counts);
      window.rows = kept.rows;
    }
  }
}
