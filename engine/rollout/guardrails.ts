import type { ArmFailure } from '../instruments/arm-answer.js';

/** What became of one bar for an arm that is tried, beside production on the same bar. */
export interface ArmOnBar {
  readonly failure: ArmFailure | undefined;
  /** Whether a signal was withheld because of it: it was the arm that served. */
  readonly withheld: boolean;
  /** Whether production answered in time. */
  readonly productionInTime: boolean;
}

/** Bars that rates are counted over. */
const WINDOW = 100;
/** Failed answers among them. */
const ERRORS_MAX = 3;
/** Late answers among them, on bars on which production was in time. */
const LATE_MAX = 10;

/**
 * Ends a trial at once when the arm is broken, whatever its forecasts are worth: an answer that is no number, errors, late
 * answers. Answers that were dropped for lack of time say nothing of it.
 */
export class Guardrails {
  readonly #bars: ArmOnBar[] = [];

  /** Takes the next bar; why the trial must end, as a clause, or undefined. */
  observe(bar: ArmOnBar): string | undefined {
    if (bar.failure === 'dropped') return undefined;
    this.#bars.push(bar);
    if (this.#bars.length > WINDOW) this.#bars.shift();
    if (bar.failure === 'bad_model')
      return 'it answered with what are no probabilities, or its file cannot be run';
    if (bar.withheld) return 'no signal went out for a bar that it served, because it failed';
    const seen = this.#bars.length;
    const errors = this.#bars.filter(({ failure }) => failure === 'error').length;
    if (errors >= ERRORS_MAX) return `it failed on ${errors} of the last ${seen} bars`;
    const late = this.#bars.filter(
      ({ failure, productionInTime }) => failure === 'deadline' && productionInTime,
    ).length;
    return late < LATE_MAX
      ? undefined
      : `its answer was late on ${late} of the last ${seen} bars, on which production was in time`;
  }
}
