/** Neighbours that pooling made one: their weight, and the weighted means of their places and their values. */
export interface Block {
  readonly weight: number;
  readonly at: number;
  readonly value: number;
}

/** An ascending function: `value` at the places `at`, straight between them, level outside. */
export interface Ascent {
  readonly at: readonly number[];
  readonly value: readonly number[];
}

/** Bins of a probability. None narrower, so that no step of the function is steeper than Float32 can follow. */
const BINS = 50;

/**
 * The ascending values nearest to those of some blocks by weighted least squares, by pooling adjacent violators; blocks are in the order
 * of their places. Source: Ayer et al. 1955.
 */
export function pooled(blocks: readonly Block[]): Block[] {
  const ascending: Block[] = [];
  for (let last of blocks) {
    for (let before = ascending.at(-1); before !== undefined && before.value >= last.value;) {
      last = together(before, last);
      ascending.pop();
      before = ascending.at(-1);
    }
    ascending.push(last);
  }
  return ascending;
}

function together(a: Block, b: Block): Block {
  const weight = a.weight + b.weight;
  return {
    weight,
    at: (a.weight * a.at + b.weight * b.at) / weight,
    value: (a.weight * a.value + b.weight * b.value) / weight,
  };
}

/**
 * How often something came true at each probability that was `stated` of it, as far as that ascends. No value is below 1 / (n + 2): what
 * did not come true in n cases still may.
 */
export function ascentOf(stated: readonly number[], came: readonly boolean[]): Ascent {
  const counts = new Float64Array(BINS);
  const hits = new Float64Array(BINS);
  stated.forEach((p, i) => {
    const bin = Math.min(BINS - 1, Math.floor(p * BINS));
    counts[bin]!++;
    if (came[i]!) hits[bin]!++;
  });
  const blocks = Array.from(counts, (weight, bin) => ({
    weight,
    at: (bin + 0.5) / BINS,
    value: hits[bin]! / weight,
  }));
  const ascending = pooled(blocks.filter(({ weight }) => weight > 0));
  return {
    at: ascending.map(({ at }) => at),
    value: ascending.map(({ value }) => Math.max(1 / (stated.length + 2), value)),
  };
}

/** The value of an ascending function. */
export function along({ at, value }: Ascent, x: number): number {
  let sum = value[0]!;
  for (let k = 1; k < at.length; k++) {
    const share = (x - at[k - 1]!) / (at[k]! - at[k - 1]!);
    sum += Math.max(0, Math.min(1, share)) * (value[k]! - value[k - 1]!);
  }
  return sum;
}
