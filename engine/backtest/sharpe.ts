import { normalCdf, normalQuantile } from '../learning/normal.js';

/** Euler's constant. */
const EULER = 0.577_215_664_901_532_9;

/** A Sharpe ratio and how far it can be trusted. Ratios are annualised, their probabilities of the ratio of one bar. */
export interface SharpeReport {
  /** Mean of the bars' returns over their standard deviation, times the root of the bars in a year; no risk-free rate is taken off. */
  readonly annual: number;
  /** Standard error of it, whatever the returns' distribution and however they depend on each other. Source: Lo 2002. */
  readonly standardError: number;
  /** Returns it is computed from. */
  readonly returns: number;
  readonly skewness: number;
  /** 3 for a normal distribution. */
  readonly kurtosis: number;
  /** Probability that the true ratio is above 0. Source: Bailey & López de Prado 2012. */
  readonly probabilistic: number;
  readonly deflated: DeflatedSharpe;
}

/** What is left of a Sharpe ratio when it is the best of several. Source: Bailey & López de Prado 2014. */
interface DeflatedSharpe {
  /** How many things were tried. */
  readonly trials: number;
  /** The annual ratio that the best of so many without skill is expected to have. */
  readonly expectedMaximum: number;
  /** Probability that the true ratio is above what luck among so many would have brought. */
  readonly probability: number;
}

interface Moments {
  readonly mean: number;
  readonly sigma: number;
  readonly skewness: number;
  readonly kurtosis: number;
}

function momentsOf(returns: Float64Array): Moments {
  const n = returns.length;
  let sum = 0;
  for (const r of returns) sum += r;
  const mean = sum / n;
  let [second, third, fourth] = [0, 0, 0];
  for (const r of returns) {
    const d = r - mean;
    second += d * d;
    third += d * d * d;
    fourth += d * d * d * d;
  }
  const variance = second / n;
  const sigma = Math.sqrt(variance);
  return {
    mean,
    sigma,
    skewness: third / n / sigma ** 3,
    kurtosis: fourth / n / variance ** 2,
  };
}

/**
 * Standard error of the ratio of one return: the delta method on mean and variance, whose covariance over time is estimated with
 * Bartlett weights. Sources: Lo 2002 (appendix), Newey & West 1987, with 4 (n / 100)^(2/9) lags as in Newey & West 1994.
 */
function standardErrorOf(returns: Float64Array, { mean, sigma }: Moments): number {
  const n = returns.length;
  const ratio = mean / sigma;
  // How much each return pulls the ratio: mean 0.
  const pull = Float64Array.from(returns, (r) => {
    const z = (r - mean) / sigma;
    return z - (ratio / 2) * (z * z - 1);
  });
  const lags = Math.min(n - 1, Math.floor(4 * (n / 100) ** (2 / 9)));
  let variance = 0;
  for (let lag = 0; lag <= lags; lag++) {
    let product = 0;
    for (let i = lag; i < n; i++) product += pull[i]! * pull[i - lag]!;
    variance += (lag === 0 ? 1 : 2 * (1 - lag / (lags + 1))) * (product / n);
  }
  return Math.sqrt(Math.max(0, variance) / n);
}

/**
 * Probability that the true ratio of one return is above `threshold`, of a ratio found in `n` returns of such moments. Source:
 * Bailey & López de Prado 2012, eq. 9.
 */
export function probabilityAbove(
  threshold: number,
  ratio: number,
  n: number,
  { skewness, kurtosis }: Pick<Moments, 'skewness' | 'kurtosis'>,
): number {
  const spread = 1 - skewness * ratio + ((kurtosis - 1) / 4) * ratio * ratio;
  return normalCdf(((ratio - threshold) * Math.sqrt(n - 1)) / Math.sqrt(Math.max(1e-12, spread)));
}

/** The highest of `trials` standard normal numbers, as it is expected to be. */
export function expectedMaximum(trials: number): number {
  if (trials <= 1) return 0;
  return (1 - EULER) * normalQuantile(1 - 1 / trials) + EULER * normalQuantile(1 - 1 / (trials * Math.E));
}

/**
 * The Sharpe ratio of a series of returns, one a bar, with `perYear` bars in a year; undefined when they never change.
 * `trials` is how many things were tried and `trialSpread` the standard deviation of their annual ratios; without it, the
 * ratios of things without skill are taken to differ by the error of estimating them, 1 / √(n − 1) a bar.
 */
export function sharpeOf(
  returns: Float64Array,
  perYear: number,
  trials: number,
  trialSpread?: number,
): SharpeReport | undefined {
  const n = returns.length;
  if (n < 3) return undefined;
  const moments = momentsOf(returns);
  if (!(moments.sigma > 0)) return undefined;
  const toYear = Math.sqrt(perYear);
  const spread = trialSpread === undefined ? 1 / Math.sqrt(n - 1) : trialSpread / toYear;
  const luck = spread * expectedMaximum(trials);
  const ratio = moments.mean / moments.sigma;
  return {
    annual: ratio * toYear,
    standardError: standardErrorOf(returns, moments) * toYear,
    returns: n,
    skewness: moments.skewness,
    kurtosis: moments.kurtosis,
    probabilistic: probabilityAbove(0, ratio, n, moments),
    deflated: {
      trials,
      expectedMaximum: luck * toYear,
      probability: probabilityAbove(luck, ratio, n, moments),
    },
  };
}
