/** How a split is judged. */
export interface SplitRules {
  /** L2 penalty of leaf values. */
  readonly lambda: number;
  /** Gain that a split must have at least. */
  readonly gamma: number;
  /** Sum of second derivatives on each side at least. */
  readonly minChildWeight: number;
}

/** A gain below this is rounding. */
const GAIN_MIN = 1e-6;
/** Second derivatives below this are what rounding left of a bin without rows. */
const WEIGHT_MIN = 1e-9;

/**
 * The best split of a node, over the histograms of its columns: sums of first (g) and second (h) derivatives in each bin,
 * interleaved, the missing values' first. Gain of a split: Gl²/(Hl + λ) + Gr²/(Hr + λ) − G²/(H + λ). Source: Chen &
 * Guestrin 2016, with missing values tried on both sides (their algorithm 3).
 */
export class SplitSearch {
  gain = 0;
  /** Negative while no split was found. */
  column = -1;
  /** Last bin that goes left. */
  bin = 0;
  /** Whether missing values go left; to the side with more rows where there were none. */
  missingLeft = false;
  leftG = 0;
  leftH = 0;
  readonly #rules: SplitRules;
  readonly #monotone: Int8Array | undefined;
  #g = 0;
  #h = 0;
  #low = -Infinity;
  #high = Infinity;

  /** `monotone` has −1, 0 or +1 for each column: leaf values may only fall with it, do as they will, or only rise. */
  constructor(rules: SplitRules, monotone?: Int8Array) {
    this.#rules = rules;
    this.#monotone = monotone;
  }

  /** Begins a node with the sums `g` and `h`, whose leaf values are held within bounds. */
  begin(g: number, h: number, low: number, high: number): void {
    this.gain = Math.max(this.#rules.gamma, GAIN_MIN);
    this.column = -1;
    this.#g = g;
    this.#h = h;
    this.#low = low;
    this.#high = high;
  }

  /** Looks at one column's histogram, which begins at `at` and has `bins` bins besides the missing values'. */
  see(column: number, hist: Float64Array, at: number, bins: number): void {
    const hasMissing = hist[at + 1]! > WEIGHT_MIN;
    // Where values are missing, all that is known may go left and only what is missing right.
    this.#scan(column, hist, at, hasMissing ? bins : bins - 1, false);
    if (hasMissing) this.#scan(column, hist, at, bins - 1, true);
    else if (this.column === column) this.missingLeft = 2 * this.leftH >= this.#h;
  }

  /** Value of a leaf with the sums `g` and `h`. */
  valueOf(g: number, h: number, low: number, high: number): number {
    return Math.max(low, Math.min(high, -g / (h + this.#rules.lambda)));
  }

  /** Tries the bins up to `last` as the last one that goes left. */
  #scan(column: number, hist: Float64Array, at: number, last: number, missingLeft: boolean): void {
    if (this.#monotone !== undefined) {
      this.#scanBounded(column, hist, at, last, missingLeft);
      return;
    }
    const { lambda, minChildWeight } = this.#rules;
    const [g, h] = [this.#g, this.#h];
    const own = (g * g) / (h + lambda);
    let leftG = missingLeft ? hist[at]! : 0;
    let leftH = missingLeft ? hist[at + 1]! : 0;
    for (let bin = 1, i = at + 2; bin <= last; bin++, i += 2) {
      leftG += hist[i]!;
      leftH += hist[i + 1]!;
      if (leftH < minChildWeight) continue;
      const rightH = h - leftH;
      if (rightH < minChildWeight) return;
      const rightG = g - leftG;
      const gain = (leftG * leftG) / (leftH + lambda) + (rightG * rightG) / (rightH + lambda) - own;
      if (gain > this.gain) this.#keep(gain, column, bin, missingLeft, leftG, leftH);
    }
  }

  /** As #scan, without splits whose leaves would break the column's constraint. */
  #scanBounded(column: number, hist: Float64Array, at: number, last: number, missingLeft: boolean): void {
    const { minChildWeight } = this.#rules;
    const [g, h, low, high] = [this.#g, this.#h, this.#low, this.#high];
    const sign = this.#monotone?.[column] ?? 0;
    const own = this.#boundedGain(g, h, this.valueOf(g, h, low, high));
    let leftG = missingLeft ? hist[at]! : 0;
    let leftH = missingLeft ? hist[at + 1]! : 0;
    for (let bin = 1; bin <= last; bin++) {
      leftG += hist[at + 2 * bin]!;
      leftH += hist[at + 2 * bin + 1]!;
      const rightG = g - leftG;
      const rightH = h - leftH;
      if (leftH < minChildWeight || rightH < minChildWeight) continue;
      const left = this.valueOf(leftG, leftH, low, high);
      const right = this.valueOf(rightG, rightH, low, high);
      if (sign * (right - left) < 0) continue;
      const gain = this.#boundedGain(leftG, leftH, left) + this.#boundedGain(rightG, rightH, right) - own;
      if (gain > this.gain) this.#keep(gain, column, bin, missingLeft, leftG, leftH);
    }
  }

  /** What the loss gains by a leaf of some value. */
  #boundedGain(g: number, h: number, value: number): number {
    return -(2 * g * value + (h + this.#rules.lambda) * value * value);
  }

  #keep(gain: number, column: number, bin: number, missingLeft: boolean, leftG: number, leftH: number): void {
    this.gain = gain;
    this.column = column;
    this.bin = bin;
    this.missingLeft = missingLeft;
    this.leftG = leftG;
    this.leftH = leftH;
  }
}
