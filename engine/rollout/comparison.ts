import { EvidenceProcess } from './e-process.js';

/** What an arm said of a bar: its probabilities over the horizon compared, and what it would have done. */
export interface ArmForecast {
  readonly down: number;
  readonly flat: number;
  readonly up: number;
  /** −1 short, 0 nothing, +1 long. */
  readonly acts: number;
}

/** What two arms said of one bar, and what came of it. */
export interface PairedOutcome {
  readonly closeTime: number;
  /** Close time of the bar that made the outcome known. */
  readonly resolvedAt: number;
  readonly production: ArmForecast;
  readonly challenger: ArmForecast;
  /** Whether the challenger was an arm that serves. */
  readonly isCanary: boolean;
  /** −1, 0, +1. */
  readonly direction: number;
  readonly return: number;
  /** The bar's spread over its close; NaN where unknown, which costs nothing. */
  readonly spread: number;
}

/** Mean log-loss and Brier score of an arm, the sum of its returns after spreads, and the share of bars it did nothing on. */
export interface ArmScore {
  readonly logLoss: number;
  readonly brier: number;
  readonly pnl: number;
  readonly abstained: number;
}

export interface ComparisonFigures {
  /** Bars whose outcome is known for both arms. */
  readonly bars: number;
  /** Those of them that the evidence rests on. */
  readonly independentBars: number;
  readonly canaryBars: number;
  readonly production: ArmScore;
  readonly challenger: ArmScore;
  /** Evidence that the challenger's log-loss is lower than production's. */
  readonly better: number;
  /** That it is higher. */
  readonly worse: number;
  /** That it is not lower by as much as is worth having. */
  readonly notWorthIt: number;
  /** That directions the challenger states come true less often than it says. */
  readonly overconfident: number;
}

/** Share of each probability given to an even chance, so that no outcome costs more than −ln(0.01 / 3) = 5.7. */
const EVEN_SHARE = 0.01;
/** A stated probability may be this much too high before it counts as broken calibration. */
const CALIBRATION_TOLERANCE = 0.05;

const DIRECTIONS = [-1, 0, 1] as const;

/**
 * Compares a challenger with production by what came of the same bars. Outcomes of bars that overlap depend on each other,
 * so evidence is taken only from bars that closed when the outcome of the last one taken was known; the other bars count
 * in the scores alone. Where the horizon is no longer than a bar that is every bar.
 *
 * What is compared is the log-loss of the probabilities with 1 % of an even chance in them: bounded, and on each bar by
 * what the two arms stated, which is known before the outcome.
 */
export class Comparison {
  readonly #worthHaving: number;
  readonly #better = new EvidenceProcess();
  readonly #worse = new EvidenceProcess();
  readonly #notWorthIt = new EvidenceProcess();
  readonly #overconfident = new EvidenceProcess();
  readonly #sums = { production: newSums(), challenger: newSums() };
  #bars = 0;
  #independentBars = 0;
  #canaryBars = 0;
  #freeFrom = -Infinity;

  /** `worthHaving`: smallest decrease of the mean log-loss, in nats a bar, that is worth another model. */
  constructor(worthHaving: number) {
    this.#worthHaving = worthHaving;
  }

  /** Takes the next bar. Bars come in their order. */
  observe(outcome: PairedOutcome): void {
    this.#bars++;
    if (outcome.isCanary) this.#canaryBars++;
    addTo(this.#sums.production, outcome.production, outcome);
    addTo(this.#sums.challenger, outcome.challenger, outcome);
    if (outcome.closeTime < this.#freeFrom) return;
    this.#freeFrom = outcome.resolvedAt;
    this.#independentBars++;
    this.#weigh(outcome);
  }

  /** The evidence of the challenger being better that is left; what it was at its most decides. */
  get betterNow(): number {
    return this.#better.now;
  }

  figures(): ComparisonFigures {
    return {
      bars: this.#bars,
      independentBars: this.#independentBars,
      canaryBars: this.#canaryBars,
      production: scoreOf(this.#sums.production, this.#bars),
      challenger: scoreOf(this.#sums.challenger, this.#bars),
      better: this.#better.most,
      worse: this.#worse.most,
      notWorthIt: this.#notWorthIt.most,
      overconfident: this.#overconfident.most,
    };
  }

  #weigh({ production, challenger, direction }: PairedOutcome): void {
    let least = Infinity;
    let most = -Infinity;
    for (const possible of DIRECTIONS) {
      const gain = lossOf(production, possible) - lossOf(challenger, possible);
      least = Math.min(least, gain);
      most = Math.max(most, gain);
    }
    const gain = lossOf(production, direction) - lossOf(challenger, direction);
    this.#better.observe(gain, least);
    this.#worse.observe(-gain, -most);
    this.#notWorthIt.observe(this.#worthHaving - gain, this.#worthHaving - most);
    const likeliest = Math.max(challenger.down, challenger.flat, challenger.up);
    const hit = sharesOf(challenger, direction) === likeliest ? 1 : 0;
    const stated = likeliest - CALIBRATION_TOLERANCE;
    this.#overconfident.observe(stated - hit, stated - 1);
  }
}

function sharesOf({ down, flat, up }: ArmForecast, direction: number): number {
  return direction < 0 ? down : direction > 0 ? up : flat;
}

function lossOf(forecast: ArmForecast, direction: number): number {
  return -Math.log((1 - EVEN_SHARE) * sharesOf(forecast, direction) + EVEN_SHARE / 3);
}

interface Sums {
  logLoss: number;
  brier: number;
  pnl: number;
  abstained: number;
}

function newSums(): Sums {
  return { logLoss: 0, brier: 0, pnl: 0, abstained: 0 };
}

function addTo(sums: Sums, forecast: ArmForecast, outcome: PairedOutcome): void {
  const { direction, spread } = outcome;
  sums.logLoss += lossOf(forecast, direction);
  for (const possible of DIRECTIONS)
    sums.brier += (sharesOf(forecast, possible) - (possible === direction ? 1 : 0)) ** 2;
  if (forecast.acts === 0) sums.abstained++;
  const cost = Number.isNaN(spread) ? 0 : spread;
  sums.pnl += forecast.acts * outcome.return - Math.abs(forecast.acts) * cost;
}

function scoreOf({ logLoss, brier, pnl, abstained }: Sums, bars: number): ArmScore {
  return { logLoss: logLoss / bars, brier: brier / bars, pnl, abstained: abstained / bars };
}
