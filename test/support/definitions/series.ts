/** Whole arrays and plain loops: what the definitions are written in. */
export type Series = readonly number[];

/** Features by name. */
export type Definitions = Readonly<Record<string, Series>>;

export const sum = (x: Series): number => x.reduce((a, b) => a + b, 0);
export const mean = (x: Series): number => sum(x) / x.length;
export const variance = (x: Series, freedom = 0): number =>
  sum(x.map((v) => (v - mean(x)) ** 2)) / (x.length - freedom);
export const window = (x: Series, i: number, n: number): Series => x.slice(i - n + 1, i + 1);
export const over = (x: Series, n: number, f: (w: Series) => number): Series =>
  x.map((_, i) => (i < n - 1 || Number.isNaN(x[i - n + 1]) ? NaN : f(window(x, i, n))));
export const quotient = (a: number, b: number): number => (b === 0 ? 0 : a / b);
export const sma = (x: Series, n: number): Series => over(x, n, mean);
export const wma = (x: Series, n: number): Series =>
  over(x, n, (w) => sum(w.map((v, k) => v * (k + 1))) / ((n * (n + 1)) / 2));
export const ago = (x: Series, n: number): Series => x.map((_, i) => (i < n ? NaN : x[i - n]!));
export const combine = (f: (...x: number[]) => number, first: Series, ...rest: Series[]): Series =>
  first.map((v, i) => f(v, ...rest.map((s) => s[i]!)));

/** EMA seeded with the mean of the first n known values. */
export function ema(x: Series, n: number): Series {
  const first = x.findIndex((v) => !Number.isNaN(v));
  let value = NaN;
  return x.map((v, i) => {
    if (i < first + n - 1) return NaN;
    value = i === first + n - 1 ? mean(x.slice(first, first + n)) : value + (2 / (n + 1)) * (v - value);
    return value;
  });
}

/** Wilder's average: the mean of the first n, then 1/n of each newer one. */
export function wilder(x: Series, n: number, start: number): Series {
  let value = NaN;
  return x.map((v, i) => {
    if (i < start + n - 1) return NaN;
    value = i === start + n - 1 ? mean(x.slice(start, start + n)) : (value * (n - 1) + v) / n;
    return value;
  });
}

export function rsi(x: Series, n: number, start: number): Series {
  const change = x.map((v, i) => (i <= start ? NaN : v - x[i - 1]!));
  const up = wilder(
    change.map((v) => Math.max(v, 0)),
    n,
    start + 1,
  );
  const down = wilder(
    change.map((v) => Math.max(-v, 0)),
    n,
    start + 1,
  );
  return combine((u, d) => (u + d === 0 ? 0 : (100 * u) / (u + d)), up, down);
}

export const correlation = (a: Series, b: Series): number => {
  const scale = Math.sqrt(variance(a) * variance(b));
  return scale === 0 ? 0 : mean(a.map((v, k) => (v - mean(a)) * (b[k]! - mean(b)))) / scale;
};

/** Least-squares slope against 0, 1, 2, … */
export const slope = (w: Series): number => {
  const x = w.map((_, k) => k);
  return sum(w.map((v, k) => (v - mean(w)) * (k - mean(x)))) / sum(x.map((k) => (k - mean(x)) ** 2));
};

export const accumulate = (x: Series, start = 0): Series => {
  let total = start;
  return x.map((v) => (Number.isNaN(v) ? NaN : (total += v)));
};
