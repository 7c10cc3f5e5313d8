/** Rows of a regression, column by column. */
export interface RegressionRows {
  /** Each with a number for every row. */
  readonly columns: readonly Float64Array[];
  /** outputs × rows: class shares, or the number itself. NaN where it is not known. */
  readonly targets: readonly Float64Array[];
}

/** What a linear model adds up. */
export interface SparseFit {
  readonly intercepts: Float64Array;
  /** columns × outputs; most are 0. */
  readonly weights: Float64Array;
}

/** How outputs become what targets are compared with: logits of classes, or numbers as they are. */
export type Link = 'softmax' | 'identity';

const STEPS = 16;
/** The least penalty tried, as a share of the one that lets nothing in. */
const PENALTY_MIN = 0.03;
/** Penalties without a gain on the held-out rows after which it ends. */
const PATIENCE = 4;
/** Columns that may be in use; a path that wants more ends. */
const COLUMNS_MAX = 160;
const ROUNDS = 20;
const SWEEPS = 100;
/** A change below which a weight counts as settled, in units of logits a standard deviation of its column. */
const SETTLED = 1e-3;

/**
 * A linear model that leaves out every column which does not pay: the lasso's path from no column to many, and at each of its points
 * the same columns without a penalty (the relaxed lasso); the held-out rows choose among them all. With thousands of rows and hundreds of
 * columns, the errors of the many weights of columns that say nothing would drown the few that do. Coordinate descent on a
 * quadratic bound, columns screened by the strong rule. Where that found something, once more among the columns that the path came to: the larger a
 * column's weight the less it costs (the adaptive lasso). Sources: Tibshirani 1996; Zou 2006; Meinshausen 2007; Friedman, Hastie & Tibshirani
 * 2010; Böhning 1992; Tibshirani et al. 2012.
 */
export function fitSparse(
  link: Link,
  train: RegressionRows,
  held: RegressionRows,
  beforeStep?: () => void,
): SparseFit {
  const descent = new Descent(link, train);
  descent.settle([], 0);
  const none = { fit: descent.fit(), loss: heldLoss(link, held, descent.fit()) };
  const first = bestOfPath(descent, link, held, none, beforeStep);
  if (first === none) return none.fit;
  // Of all columns that the path came to: the best of it may have let in one that stands for several others, and not those yet.
  descent.settle(descent.support(), 0);
  descent.penaliseByWeight();
  descent.restore(none.fit);
  const second = bestOfPath(descent, link, held, none, beforeStep);
  return (second.loss < first.loss ? second : first).fit;
}

interface Judged {
  readonly fit: SparseFit;
  readonly loss: number;
}

/** The best of a path from no column on; `none` itself where nothing is better. */
function bestOfPath(
  descent: Descent,
  link: Link,
  held: RegressionRows,
  none: Judged,
  beforeStep?: () => void,
): Judged {
  const steepest = descent.steepest();
  let best = none;
  let worse = 0;
  let before = steepest;
  if (steepest === 0) return none;
  for (let step = 1; step <= STEPS && worse < PATIENCE; step++) {
    beforeStep?.();
    const penalty = steepest * PENALTY_MIN ** (step / STEPS);
    const admitted = descent.admitted(2 * penalty - before);
    if (admitted.length > COLUMNS_MAX) break;
    descent.settle(admitted, penalty);
    before = penalty;
    const penalised = descent.fit();
    descent.settle(descent.support(), 0);
    const relaxed = descent.fit();
    descent.restore(penalised);
    worse++;
    for (const fit of [relaxed, penalised]) {
      const loss = heldLoss(link, held, fit);
      if (loss >= best.loss - 1e-6) continue;
      best = { fit, loss };
      worse = 0;
    }
  }
  return best;
}

/** What a fit adds up for each row of some columns: outputs × rows. */
export function answersOf(
  { intercepts, weights }: SparseFit,
  columns: readonly Float64Array[],
  rows: number,
): Float64Array[] {
  const outputs = intercepts.length;
  const answers = Array.from(intercepts, (intercept) => new Float64Array(rows).fill(intercept));
  for (let j = 0; j < columns.length; j++) {
    for (let c = 0; c < outputs; c++) {
      const w = weights[j * outputs + c]!;
      if (w !== 0) addTo(answers[c]!, w, columns[j]!);
    }
  }
  return answers;
}

/** Mean loss of the known rows: negative log-likelihood, or half the squared error. */
function heldLoss(link: Link, { columns, targets }: RegressionRows, fit: SparseFit): number {
  const rows = targets[0]!.length;
  const answers = answersOf(fit, columns, rows);
  if (link === 'softmax') softmax(answers);
  let sum = 0;
  let known = 0;
  for (let i = 0; i < rows; i++) {
    if (Number.isNaN(targets[0]![i]!)) continue;
    known++;
    for (let c = 0; c < targets.length; c++) {
      const [y, answer] = [targets[c]![i]!, answers[c]![i]!];
      sum += link === 'identity' ? 0.5 * (y - answer) ** 2 : -y * Math.log(Math.max(1e-12, answer));
    }
  }
  return known === 0 ? 0 : sum / known;
}

/** Coordinate descent, each time from where it was left. */
class Descent {
  readonly #link: Link;
  readonly #columns: readonly Float64Array[];
  readonly #targets: readonly Float64Array[];
  readonly #rows: number;
  readonly #outputs: number;
  readonly #spreads: Float64Array;
  /** What a weight of 1 costs, times the penalty; 0 leaves a column out. */
  #costs: Float64Array;
  readonly #products: Products;
  #intercepts: Float64Array;
  #weights: Float64Array;
  /** outputs × rows. */
  readonly #errors: readonly Float64Array[];
  /** The greatest curvature of the loss in an output. */
  readonly #bound: number;

  constructor(link: Link, { columns, targets }: RegressionRows) {
    this.#link = link;
    this.#columns = columns;
    this.#targets = targets;
    this.#rows = targets[0]!.length;
    this.#outputs = targets.length;
    this.#bound = link === 'softmax' ? 0.5 : 1;
    this.#spreads = Float64Array.from(columns, spreadOf);
    this.#costs = this.#spreads;
    this.#products = new Products(columns, this.#rows);
    this.#intercepts = Float64Array.from(targets, (target) => {
      const known = target.filter((y) => y === y);
      const sum = known.reduce((total, y) => total + y, 0);
      return link === 'softmax'
        ? Math.log((sum + 1) / (known.length + targets.length))
        : sum / Math.max(1, known.length);
    });
    this.#weights = new Float64Array(columns.length * this.#outputs);
    this.#errors = targets.map(() => new Float64Array(this.#rows));
    this.restore(this.fit());
  }

  fit(): SparseFit {
    return { intercepts: this.#intercepts.slice(), weights: this.#weights.slice() };
  }

  restore({ intercepts, weights }: SparseFit): void {
    this.#intercepts = intercepts.slice();
    this.#weights = weights.slice();
    this.#compare();
  }

  /** From now on a weight costs the less the larger it is now, and those of 0 stay so: the adaptive lasso. */
  penaliseByWeight(): void {
    this.#costs = this.#spreads.map((spread, j) => {
      const own = this.#weights.subarray(j * this.#outputs, (j + 1) * this.#outputs);
      const size = own.reduce((most, w) => Math.max(most, Math.abs(w)), 0) * spread;
      return size > 0 ? spread / size : 0;
    });
  }

  /** Columns with a weight that is not 0. */
  support(): number[] {
    return this.#columns.flatMap((_, j) => (this.#isUsed(j) ? [j] : []));
  }

  /** Columns in use, and those whose slope is above a threshold: what a somewhat smaller penalty may let in. */
  admitted(threshold: number): number[] {
    return this.#columns.flatMap((_, j) => (this.#isUsed(j) || this.#slope(j) > threshold ? [j] : []));
  }

  /** The penalty that lets nothing in. */
  steepest(): number {
    return this.#columns.reduce((most, _, j) => Math.max(most, this.#slope(j)), 0);
  }

  /** Moves the weights of some columns, and the intercepts, to the optimum under a penalty. */
  settle(columns: readonly number[], penalty: number): void {
    for (let round = 0; round < ROUNDS; round++) {
      let moved = 0;
      for (let c = 0; c < this.#outputs; c++) moved = Math.max(moved, this.#moveOutput(columns, c, penalty));
      this.#compare();
      if (moved < SETTLED) return;
    }
  }

  #isUsed(j: number): boolean {
    for (let c = 0; c < this.#outputs; c++) if (this.#weights[j * this.#outputs + c] !== 0) return true;
    return false;
  }

  /** The loss's steepest slope along a column, beside what a weight of it costs. */
  #slope(j: number): number {
    const cost = this.#costs[j]!;
    if (cost === 0) return 0;
    let steepest = 0;
    for (const error of this.#errors)
      steepest = Math.max(steepest, Math.abs(product(this.#columns[j]!, error)));
    return steepest / (this.#rows * cost);
  }

  /** The optimum of one output on the quadratic bound; how far its weights moved. */
  #moveOutput(columns: readonly number[], c: number, penalty: number): number {
    const outputs = this.#outputs;
    const error = this.#errors[c]!;
    const count = columns.length;
    const weights = Float64Array.from(columns, (j) => this.#weights[j * outputs + c]!);
    const places = columns.map((j) => this.#products.placeOf(j));
    // Slopes of the bound along each column, and along the intercept.
    const slopes = Float64Array.from(
      columns,
      (j) => product(this.#columns[j]!, error) / this.#rows / this.#bound,
    );
    let slope = sumOf(error) / this.#rows / this.#bound;
    let intercept = this.#intercepts[c]!;
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      intercept += slope;
      let moved = Math.abs(slope);
      for (let k = 0; k < count; k++) slopes[k]! -= slope * this.#products.mean(places[k]!);
      slope = 0;
      for (let k = 0; k < count; k++) {
        const spread = this.#spreads[columns[k]!]!;
        const square = this.#products.of(places[k]!, places[k]!);
        const wanted = weights[k]! * square + slopes[k]!;
        const least = (penalty * this.#costs[columns[k]!]!) / this.#bound;
        const next = (Math.sign(wanted) * Math.max(0, Math.abs(wanted) - least)) / square;
        const change = next - weights[k]!;
        if (change === 0) continue;
        weights[k] = next;
        slope -= change * this.#products.mean(places[k]!);
        for (let other = 0; other < count; other++)
          slopes[other]! -= change * this.#products.of(places[k]!, places[other]!);
        moved = Math.max(moved, Math.abs(change) * spread);
      }
      if (moved < SETTLED / 10) break;
    }
    let furthest = Math.abs(intercept - this.#intercepts[c]!);
    this.#intercepts[c] = intercept;
    columns.forEach((j, k) => {
      const change = Math.abs(weights[k]! - this.#weights[j * outputs + c]!) * this.#spreads[j]!;
      furthest = Math.max(furthest, change);
      this.#weights[j * outputs + c] = weights[k]!;
    });
    return furthest;
  }

  /** How far what the rows are answered now is from the truth. A row whose target is not known pulls nowhere. */
  #compare(): void {
    const answers = answersOf(
      { intercepts: this.#intercepts, weights: this.#weights },
      this.#columns,
      this.#rows,
    );
    if (this.#link === 'softmax') softmax(answers);
    answers.forEach((answer, c) => {
      const [target, error] = [this.#targets[c]!, this.#errors[c]!];
      for (let i = 0; i < error.length; i++) {
        const y = target[i]!;
        error[i] = y === y ? y - answer[i]! : 0;
      }
    });
  }
}

/** Mean products of pairs of columns, each computed when it is first asked for. */
class Products {
  readonly #columns: readonly Float64Array[];
  readonly #rows: number;
  readonly #places = new Map<number, number>();
  readonly #means: number[] = [];
  readonly #known: Float64Array[] = [];

  constructor(columns: readonly Float64Array[], rows: number) {
    this.#columns = columns;
    this.#rows = rows;
  }

  /** Where a column is found; its products with all that have a place are known from then on. */
  placeOf(j: number): number {
    const found = this.#places.get(j);
    if (found !== undefined) return found;
    const place = this.#places.size;
    this.#places.set(j, place);
    const column = this.#columns[j]!;
    this.#means.push(sumOf(column) / this.#rows);
    const own = Float64Array.from(
      this.#places.keys(),
      (k) => product(column, this.#columns[k]!) / this.#rows,
    );
    this.#known.push(own);
    return place;
  }

  mean(place: number): number {
    return this.#means[place]!;
  }

  of(a: number, b: number): number {
    return a >= b ? this.#known[a]![b]! : this.#known[b]![a]!;
  }
}

function spreadOf(column: Float64Array): number {
  const mean = sumOf(column) / column.length;
  const variance = product(column, column) / column.length - mean * mean;
  return variance > 1e-9 ? Math.sqrt(variance) : 0;
}

/** Turns logits into probabilities: classes × rows. */
function softmax(logits: readonly Float64Array[]): void {
  const rows = logits[0]!.length;
  for (let i = 0; i < rows; i++) {
    let most = -Infinity;
    for (let c = 0; c < logits.length; c++) most = Math.max(most, logits[c]![i]!);
    let total = 0;
    for (let c = 0; c < logits.length; c++) total += logits[c]![i] = Math.exp(logits[c]![i]! - most);
    for (let c = 0; c < logits.length; c++) logits[c]![i]! /= total;
  }
}

function sumOf(x: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]!;
  return sum;
}

function addTo(sum: Float64Array, w: number, x: Float64Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += w * x[i]!;
}

function product(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
