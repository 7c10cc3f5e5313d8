/** How much weaker than promised the edge is in each alternative: by half, gone, turned round. */
const WEAKER_BY = [0.5, 1, 2] as const;
/** Log-odds beyond which a statement counts as this sure, so that no single outcome decides. */
const LOG_ODDS_MAX = 3;

/** Live state of {@link EdgeWatch}, to be kept over a restart. */
export interface EdgeWatchState {
  readonly evidence: readonly number[];
  readonly pending: Statement | undefined;
  /** Close time from which on the next statement is taken. */
  readonly from: number;
  readonly run: EdgeRun;
}

/** What the model said of the row whose outcome is waited for. */
interface Statement {
  readonly closeTime: number;
  /** Of up against down. */
  readonly logOdds: number;
}

/** What came of the statements since the evidence against the model began to grow. */
interface EdgeRun {
  /** Close time of the first statement in it, 0 while there is none. */
  readonly since: number;
  /** Outcomes that were up or down. */
  readonly outcomes: number;
  /** Of those, that the likelier direction came true. */
  readonly right: number;
  /** Sum of the probabilities stated for it. */
  readonly stated: number;
  /** Sums of the log-loss that came, and of the one that statements as good as promised have. */
  readonly logLoss: number;
  readonly promisedLogLoss: number;
}

/** A model whose directions are worth less than promised. */
export interface EdgeFinding extends EdgeRun {
  readonly horizon: number;
  /** Evidence against the promise: a likelihood ratio, of outcomes as they came. */
  readonly evidence: number;
}

const NOTHING: EdgeRun = { since: 0, outcomes: 0, right: 0, stated: 0, logLoss: 0, promisedLogLoss: 0 };

export interface EdgeWatchOptions {
  readonly horizon: number;
  /**
   * What a unit of the stated log-odds of up against down is worth at least, by the walk-forward predictions: 1 for a
   * calibrated model, 0 where none is shown.
   */
  readonly promised: number;
  /** Outcomes a year at most, of which no two share any time. */
  readonly outcomesAYear: number;
  /** How often a model that keeps its promise may be accused. */
  readonly falseAlarmsAYear: number;
}

/**
 * Watches whether a model's directions over one horizon are still worth what its walk-forward predictions were: a
 * CUSUM e-detector. For each of {@link WEAKER_BY} it keeps E ← max(E, 1) · L, where L is the likelihood of the
 * outcome if stated log-odds were worth that much less, over that of the promise. The likelihood of a worth that is
 * above the promise makes L no larger in the mean, so whatever the market does, as long as the promise is kept at each
 * step given all before it, the mean number of outcomes until their average reaches `threshold` is at least that many
 * (Shin, Ramdas and Rinaldo 2023, "E-detectors", theorem 2.4). A change is found soon whenever it comes.
 *
 * Outcomes that overlap repeat each other, so a statement is taken only when the one before it is known.
 */
export class EdgeWatch {
  readonly #horizon: number;
  readonly #promised: number;
  readonly threshold: number;
  #evidence: number[] = WEAKER_BY.map(() => 0);
  #pending: Statement | undefined;
  #from = -Infinity;
  #run: EdgeRun = NOTHING;

  constructor({ horizon, promised, outcomesAYear, falseAlarmsAYear }: EdgeWatchOptions) {
    this.#horizon = horizon;
    this.#promised = promised;
    this.threshold = outcomesAYear / falseAlarmsAYear;
  }

  /** Takes what the model said of a row: probabilities of down and up, of which the rest is flat. */
  stated(closeTime: number, down: number, up: number): void {
    if (this.#pending !== undefined || closeTime < this.#from) return;
    const logOdds = Math.log(up / down);
    if (logOdds !== logOdds) return;
    this.#pending = { closeTime, logOdds: Math.max(-LOG_ODDS_MAX, Math.min(LOG_ODDS_MAX, logOdds)) };
  }

  /** Takes what came of a row: −1, 0, +1, or NaN where it cannot be told, and when that was known. */
  resolved(closeTime: number, direction: number, resolvedAt: number): EdgeFinding | undefined {
    const pending = this.#pending;
    if (pending === undefined || closeTime < pending.closeTime) return undefined;
    this.#pending = undefined;
    this.#from = resolvedAt;
    // A later label: the one waited for was lost with what was in memory at a crash.
    if (closeTime !== pending.closeTime || Math.abs(direction) !== 1) return undefined;
    const towards = pending.logOdds * direction;
    const promised = chance(this.#promised * towards);
    this.#evidence = this.#evidence.map(
      (evidence, i) =>
        (Math.max(1, evidence) * chance((this.#promised - WEAKER_BY[i]!) * towards)) / promised,
    );
    const evidence = this.#evidence.reduce((sum, e) => sum + e, 0) / WEAKER_BY.length;
    this.#note(pending, towards, evidence);
    if (evidence < this.threshold) return undefined;
    const found = { horizon: this.#horizon, evidence, ...this.#run };
    this.#evidence = WEAKER_BY.map(() => 0);
    this.#run = NOTHING;
    return found;
  }

  #note({ closeTime }: Statement, towards: number, evidence: number): void {
    if (evidence < 1) {
      this.#run = NOTHING;
      return;
    }
    const { since, outcomes, right, stated, logLoss, promisedLogLoss } = this.#run;
    const sure = chance(Math.abs(this.#promised * towards));
    this.#run = {
      since: outcomes === 0 ? closeTime : since,
      outcomes: outcomes + 1,
      right: right + (towards > 0 ? 1 : 0),
      stated: stated + chance(Math.abs(towards)),
      logLoss: logLoss - Math.log(chance(towards)),
      promisedLogLoss:
        promisedLogLoss -
        sure * Math.log(chance(Math.abs(towards))) -
        (1 - sure) * Math.log(chance(-Math.abs(towards))),
    };
  }

  get state(): EdgeWatchState {
    return { evidence: this.#evidence, pending: this.#pending, from: this.#from, run: this.#run };
  }

  restore({ evidence, pending, from, run }: EdgeWatchState): void {
    if (evidence.length === WEAKER_BY.length) this.#evidence = [...evidence];
    this.#pending = pending;
    this.#from = from;
    this.#run = run;
  }
}

/** Probability of log-odds. */
function chance(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds));
}

/**
 * What a unit of stated log-odds was worth in predictions whose outcome is known, less two standard errors, within 0..1:
 * a logistic regression through the origin of what came (`towards`: the log-odds stated for it). `overlap` says how many
 * predictions share one outcome.
 */
export function provenWorth(towards: readonly number[], overlap: number): number {
  let worth = 0;
  let information = 0;
  for (let step = 0; step < 50; step++) {
    let slope = 0;
    information = 0;
    for (const stated of towards) {
      const s = Math.max(-LOG_ODDS_MAX, Math.min(LOG_ODDS_MAX, stated));
      const p = chance(worth * s);
      slope += (1 - p) * s;
      information += p * (1 - p) * s * s;
    }
    if (!(information > 0)) return 0;
    const next = Math.max(-2, Math.min(3, worth + slope / information));
    if (Math.abs(next - worth) < 1e-9) break;
    worth = next;
  }
  const error = Math.sqrt(Math.max(1, overlap) / information);
  return Math.max(0, Math.min(1, worth - 2 * error));
}
