import { HORIZONS, HORIZON_MS } from '../../actors/features/labels.js';
import { timeframeMs, type Timeframe } from '../../actors/market/timeframe.js';
import { EdgeWatch, type EdgeFinding, type EdgeWatchState } from './edge-watch.js';
import { InputDrift, YEAR_MS, type InputDriftState, type InputFinding } from './input-drift.js';
import type { TrainingFacts } from './training-facts.js';

/**
 * False alarms a year and model that each of the three kinds of monitor may raise while nothing changes: 0.75 of all
 * three together. Those of outcomes share theirs by horizon.
 */
const FALSE_ALARMS_A_YEAR = 0.25;

/** What a monitor found. */
export type Finding =
  | { readonly kind: 'input_drift'; readonly input: InputFinding }
  | { readonly kind: 'anomaly_drift'; readonly input: InputFinding }
  | { readonly kind: 'performance'; readonly edge: EdgeFinding };

/** Live state of a {@link ModelMonitor}, to be kept over a restart. */
export interface MonitorState {
  readonly inputs: InputDriftState;
  readonly anomaly: InputDriftState;
  readonly edges: readonly EdgeWatchState[];
  /** Close time of the newest row seen. */
  readonly rowsThrough: number;
  /** Close time of the newest answer seen. */
  readonly answersThrough: number;
}

/** Watches one model on one series: its inputs, its anomaly score, and what its directions are worth. */
export class ModelMonitor {
  readonly #inputs: InputDrift;
  readonly #anomaly: InputDrift;
  readonly #edges: readonly EdgeWatch[];
  readonly #score = new Float32Array(1);
  #rowsThrough = -Infinity;
  #answersThrough = -Infinity;

  constructor(facts: TrainingFacts, timeframe: Timeframe) {
    const rate = { falseAlarmsAYear: FALSE_ALARMS_A_YEAR, barMs: timeframeMs(timeframe) };
    this.#inputs = new InputDrift(facts.inputs, rate);
    this.#anomaly = new InputDrift(facts.anomaly, rate);
    this.#edges = HORIZONS.map(
      (_, horizon) =>
        new EdgeWatch({
          horizon,
          promised: facts.promised[horizon]!,
          outcomesAYear: YEAR_MS / Math.max(timeframeMs(timeframe), HORIZON_MS[horizon]!),
          falseAlarmsAYear: FALSE_ALARMS_A_YEAR / HORIZONS.length,
        }),
    );
  }

  /** Close time of the newest row seen. */
  get rowsThrough(): number {
    return this.#rowsThrough;
  }

  /** Close time of the newest answer seen. */
  get answersThrough(): number {
    return this.#answersThrough;
  }

  /** Takes a row as it enters the model; one it has seen is left out. */
  see(closeTime: number, row: Float32Array): Finding | undefined {
    if (closeTime <= this.#rowsThrough) return undefined;
    this.#rowsThrough = closeTime;
    const input = this.#inputs.see(row);
    return input === undefined ? undefined : { kind: 'input_drift', input };
  }

  /** Takes the model's answer for a row: probabilities of down, flat and up of each horizon, and the anomaly score. */
  answered(closeTime: number, probabilities: readonly number[], anomaly: number): Finding | undefined {
    if (closeTime <= this.#answersThrough) return undefined;
    this.#answersThrough = closeTime;
    for (const [horizon, edge] of this.#edges.entries())
      edge.stated(closeTime, probabilities[horizon * 3]!, probabilities[horizon * 3 + 2]!);
    this.#score[0] = anomaly;
    const input = this.#anomaly.see(this.#score);
    return input === undefined ? undefined : { kind: 'anomaly_drift', input };
  }

  /** Takes what came of a row over a horizon. */
  resolved(label: {
    readonly closeTime: number;
    readonly horizon: number;
    readonly direction: number;
    readonly resolvedAt: number;
  }): Finding | undefined {
    const edge = this.#edges[label.horizon]!.resolved(label.closeTime, label.direction, label.resolvedAt);
    return edge === undefined ? undefined : { kind: 'performance', edge };
  }

  get state(): MonitorState {
    return {
      inputs: this.#inputs.state,
      anomaly: this.#anomaly.state,
      edges: this.#edges.map(({ state }) => state),
      rowsThrough: this.#rowsThrough,
      answersThrough: this.#answersThrough,
    };
  }

  restore({ inputs, anomaly, edges, rowsThrough, answersThrough }: MonitorState): void {
    this.#inputs.restore(inputs);
    this.#anomaly.restore(anomaly);
    for (const [i, edge] of this.#edges.entries()) if (edges[i] !== undefined) edge.restore(edges[i]);
    this.#rowsThrough = rowsThrough;
    this.#answersThrough = answersThrough;
  }
}
