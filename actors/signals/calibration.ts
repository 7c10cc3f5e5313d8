import type { StateLayout } from '../indicators/state.js';
import { HORIZONS } from '../features/labels.js';
import type { CalibrationRecord } from './evidence.js';
import { isProbability } from './evidence-validity.js';

const BINS = 20;
/** Outcomes a stated probability is worth before any was seen. */
const PRIOR = 50;

/** A probability after its correction, and by what it was corrected; without a record it is as it was stated. */
export interface Calibrated {
  readonly probability: number;
  readonly record?: CalibrationRecord;
}

/** Of who has stated nothing yet. */
const NO_RECORD: CalibrationRecord = { outcomes: 0, hits: 0 };

/** A stated probability without a record, taken at its word. */
export function uncorrected(stated: number): Calibrated {
  return { probability: corrected(stated, NO_RECORD), record: NO_RECORD };
}

/** A stated probability corrected by a record, 0..1. NaN when it is no probability or the record is damaged. */
export function corrected(stated: number, { outcomes, hits }: CalibrationRecord): number {
  if (!isProbability(stated)) return NaN;
  if (!(Number.isFinite(outcomes) && hits >= 0 && hits <= outcomes)) return NaN;
  return (hits + PRIOR * stated) / (outcomes + PRIOR);
}

/**
 * Keeps what stated probabilities were worth: for each horizon, in bins of 0.05, how often the predicted
 * direction came true. A stated probability is corrected by its bin's record, which counts as much as its
 * outcomes against a prior of 50 that takes the statement at its word.
 */
export class Calibration {
  readonly #at: number;

  constructor(layout: StateLayout) {
    this.#at = layout.reserve(HORIZONS.length * BINS * 2);
  }

  /** Forgets what all statements were worth. */
  forget(s: Float64Array): void {
    s.fill(0, this.#at, this.#at + HORIZONS.length * BINS * 2);
  }

  /** Records that a direction stated with `probability` came true or not; what is no probability counts for nothing. */
  record(s: Float64Array, horizon: number, probability: number, hit: boolean): void {
    if (!isProbability(probability)) return;
    const at = this.#slot(horizon, probability);
    s[at] = s[at]! + 1;
    if (hit) s[at + 1] = s[at + 1]! + 1;
  }

  /** The probability corrected by its bin's record: see {@link corrected}. */
  calibrate(s: Float64Array, horizon: number, probability: number): Calibrated {
    if (!isProbability(probability)) return { probability: NaN };
    const at = this.#slot(horizon, probability);
    const record = { outcomes: s[at]!, hits: s[at + 1]! };
    return { probability: corrected(probability, record), record };
  }

  #slot(horizon: number, probability: number): number {
    const bin = Math.min(BINS - 1, Math.floor(probability * BINS));
    return this.#at + (horizon * BINS + bin) * 2;
  }
}
