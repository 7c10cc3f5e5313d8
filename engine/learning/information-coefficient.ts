/** How well expected returns order what came of them. */
export interface InformationCoefficient {
  /** Pearson's correlation of expected and realised returns ("IC"), and that of their ranks ("rank IC"). */
  readonly pearson: number;
  readonly rank: number;
  /** Of either when there is no relation: 1 / √(samples that do not overlap − 1). */
  readonly standardError: number;
}

/**
 * Correlates expected with realised returns of one instrument over time; undefined when either never changes or there are fewer
 * than three. `effective` is how many of the samples do not share any of their time.
 */
export function informationCoefficient(
  expected: readonly number[],
  realised: readonly number[],
  effective: number,
): InformationCoefficient | undefined {
  if (expected.length < 3) return undefined;
  const pearson = correlation(expected, realised);
  const rank = correlation(ranksOf(expected), ranksOf(realised));
  if (pearson === undefined || rank === undefined) return undefined;
  return { pearson, rank, standardError: 1 / Math.sqrt(Math.max(1, effective - 1)) };
}

/** Pearson's correlation; undefined when either side never changes. */
function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number | undefined {
  const n = a.length;
  let [sumA, sumB] = [0, 0];
  for (let i = 0; i < n; i++) {
    sumA += a[i]!;
    sumB += b[i]!;
  }
  const [meanA, meanB] = [sumA / n, sumB / n];
  let [squaresA, squaresB, product] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [x, y] = [a[i]! - meanA, b[i]! - meanB];
    squaresA += x * x;
    squaresB += y * y;
    product += x * y;
  }
  const spread = Math.sqrt(squaresA * squaresB);
  return spread > 0 ? product / spread : undefined;
}

/** Ranks from 1, equal values sharing the mean of theirs. */
function ranksOf(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const ranks: number[] = values.map(() => 0);
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) ranks[order[i]!] = (from + to + 1) / 2;
    from = to;
  }
  return ranks;
}
