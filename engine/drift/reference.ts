/** Quantiles that part the reference of a column into 16 bins of equal share; a 17th holds unknown values (NaN). */
const EDGES = 15;
const UNKNOWN = EDGES + 1;
const WIDTH = EDGES + 2;
/** Bins of a column. A constant that is exported is read anew at each use, which doubles the time of a loop over columns. */
export const BINS = WIDTH;
/** Numbers of consecutive blocks into which the training rows are cut to see how fast their distribution wanders. */
const BLOCKS = [8, 16, 32] as const;

/**
 * What a model's inputs looked like in training: of each column its quantiles, the share of the rows in each bin between
 * them, and how far apart two rows must be to count as two observations.
 */
export interface DriftReference {
  readonly columns: number;
  readonly rows: number;
  /** columns × 15, ascending; a column with few distinct values has fewer, then +Infinity. */
  readonly edges: Float32Array;
  /** columns × 17, of 1; the last is of unknown values. */
  readonly shares: Float32Array;
  /** Rows that one independent observation of a column takes. */
  readonly spacing: Float32Array;
  /** Degrees of freedom of that estimate: one less than the blocks it was seen in. Slow columns have few. */
  readonly freedom: Float32Array;
}

/**
 * The reference of rows (rows × `columns`, oldest first). `windows` says over how many bars each column looks: rows
 * nearer than half of that share their data, whatever the rows themselves show.
 */
export function makeReference(
  rows: Float32Array,
  columns: number,
  windows: readonly number[],
): DriftReference {
  const count = Math.floor(rows.length / columns);
  const edges = new Float32Array(columns * EDGES).fill(Infinity);
  const shares = new Float32Array(columns * BINS);
  const spacing = new Float32Array(columns);
  const freedom = new Float32Array(columns);
  const values = new Float32Array(count);
  const bins = new Uint8Array(count);
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < count; row++) values[row] = rows[row * columns + column]!;
    placeEdges(values, edges.subarray(column * EDGES, (column + 1) * EDGES));
    for (let row = 0; row < count; row++) {
      const bin = binOf(edges, column * EDGES, values[row]!);
      bins[row] = bin;
      shares[column * BINS + bin]! += 1;
    }
    spacing[column] = Math.max(1, (windows[column] ?? 1) / 2);
    freedom[column] = BLOCKS[0] - 1;
    let widest = 0;
    for (const blocks of BLOCKS) {
      const shown = spacingOf(bins, blocks);
      if (shown <= widest) continue;
      widest = shown;
      freedom[column] = blocks - 1;
    }
    spacing[column] = Math.max(spacing[column]!, widest);
  }
  return { columns, rows: count, edges, shares: shares.map((n) => n / count), spacing, freedom };
}

/** Writes the distinct quantiles of the known values. */
function placeEdges(values: Float32Array, into: Float32Array): void {
  const known = values.filter((x) => x === x).sort();
  let placed = 0;
  for (let i = 1; i <= EDGES && known.length > 0; i++) {
    const edge = known[Math.min(known.length - 1, Math.ceil((i * known.length) / (EDGES + 1)) - 1)]!;
    if (placed === 0 || edge > into[placed - 1]!) into[placed++] = edge;
  }
}

/**
 * Bin of a value: as many as there are edges below it, and the last for an unknown one. Products instead of branches, which
 * no processor could predict: those take three times as long.
 */
export function binOf(edges: Float32Array, at: number, x: number): number {
  let bin = Number(x > edges[at + 7]!) * 8;
  bin += Number(x > edges[at + bin + 3]!) * 4;
  bin += Number(x > edges[at + bin + 1]!) * 2;
  bin += Number(x > edges[at + bin]!);
  return x === x ? bin : UNKNOWN;
}

/**
 * Rows that one independent observation takes: the ratio of how far the distribution of a block of rows is from that of
 * all rows to how far it would be if rows were independent (mean squared distance of their cumulative shares).
 */
function spacingOf(bins: Uint8Array, blocks: number): number {
  const length = Math.floor(bins.length / blocks);
  if (length < 2) return 1;
  const whole = new Float64Array(BINS);
  const each = Array.from({ length: blocks }, () => new Float64Array(BINS));
  for (let row = 0; row < blocks * length; row++) {
    const bin = bins[row]!;
    whole[bin]! += 1 / (blocks * length);
    each[Math.floor(row / length)]![bin]! += 1 / length;
  }
  let expected = 0;
  let seen = 0;
  for (const block of each) {
    let total = 0;
    let own = 0;
    for (let bin = BINS - 1; bin > 0; bin--) {
      total += whole[bin]!;
      own += block[bin]!;
      expected += total * (1 - total);
      seen += (own - total) ** 2;
    }
  }
  if (expected < 1e-12) return 1;
  return (length * seen) / (expected * (1 - 1 / blocks));
}

/** Columns by what finding the bin of a value takes: four comparisons, or one where there is one edge at most. */
export interface CountingOrder {
  readonly parted: Uint16Array;
  readonly unparted: Uint16Array;
}

/** The order in which the columns of a reference are counted. A quarter of the features are there or not. */
export function countingOrder({ edges, columns }: DriftReference): CountingOrder {
  const all = Array.from({ length: columns }, (_, column) => column);
  const isUnparted = (column: number): boolean => edges[column * EDGES + 1] === Infinity;
  return {
    parted: Uint16Array.from(all.filter((column) => !isUnparted(column))),
    unparted: Uint16Array.from(all.filter(isUnparted)),
  };
}

/** Counts a row into the bins of a reference (columns × 17). Called for each bar: it allocates nothing. */
export function countRow(
  edges: Float32Array,
  { parted, unparted }: CountingOrder,
  row: Float32Array,
  counts: Uint16Array,
): void {
  for (let i = 0; i < parted.length; i++) {
    const column = parted[i]!;
    const bin = column * WIDTH + binOf(edges, column * EDGES, row[column]!);
    counts[bin] = counts[bin]! + 1;
  }
  for (let i = 0; i < unparted.length; i++) {
    const column = unparted[i]!;
    const x = row[column]!;
    const bin = column * WIDTH + (x === x ? Number(x > edges[column * EDGES]!) : UNKNOWN);
    counts[bin] = counts[bin]! + 1;
  }
}

/**
 * A value of a column as training had them: `u` and `v`, uniform over [0, 1), choose its bin by the shares and its place
 * between the edges of the bin. A column with few distinct values gives one of them; beyond the outermost edge nothing is
 * known, so it is the edge. NaN as often as the value was unknown.
 */
export function drawValue({ edges, shares }: DriftReference, column: number, u: number, v: number): number {
  let bin = 0;
  for (let below = shares[column * BINS]!; bin < UNKNOWN && below <= u;)
    below += shares[column * BINS + ++bin]!;
  if (bin === UNKNOWN && shares[column * BINS + UNKNOWN]! > 0) return NaN;
  const at = column * EDGES;
  let last = EDGES - 1;
  while (last > 0 && edges[at + last] === Infinity) last--;
  const upper = edges[at + Math.min(bin, last)]!;
  if (bin === 0 || bin > last || last < EDGES - 1) return upper;
  const lower = edges[at + bin - 1]!;
  return lower + (upper - lower) * v;
}

/** A reference as numbers in their order: columns, rows, then edges, shares, spacing and freedom. */
export function packReference({
  columns,
  rows,
  edges,
  shares,
  spacing,
  freedom,
}: DriftReference): Float32Array {
  return Float32Array.from([columns, rows, ...edges, ...shares, ...spacing, ...freedom]);
}

/** Numbers that {@link packReference} gives of so many columns. */
export function packedSize(columns: number): number {
  return 2 + columns * (EDGES + BINS + 2);
}

/** The reverse of {@link packReference}. */
export function unpackReference(numbers: Float32Array): DriftReference {
  const [columns = 0, rows = 0] = numbers;
  let at = 2;
  const take = (each: number): Float32Array => numbers.subarray(at, (at += columns * each));
  return { columns, rows, edges: take(EDGES), shares: take(BINS), spacing: take(1), freedom: take(1) };
}
