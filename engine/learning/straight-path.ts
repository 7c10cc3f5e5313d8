import {
  CHANNELS,
  CHANNEL_COUNT,
  SEQUENCE_BARS,
  SEQUENCE_SIZE,
} from '../../actors/features/sequence-channels.js';
import { HORIZONS } from '../../actors/features/labels.js';
import type { Forecast } from './network.js';
import type { Graph, Value } from './onnx/graph.js';
import type { Answered, SequenceBatches } from './sequence-batches.js';
import { answersOf, fitSparse, type SparseFit } from './sparse-regression.js';

const WIDTH = HORIZONS.length;
const CLASSES = WIDTH * 3;

const channelOf = (name: string): number => CHANNELS.findIndex((channel) => channel.name === name);

/** A cell of a sequence: bar · channels + channel. */
const cellOf = (ago: number, channel: number): number => (SEQUENCE_BARS - 1 - ago) * CHANNEL_COUNT + channel;

const bars = (count: number): number[] => Array.from({ length: count }, (_, ago) => ago);

/** Bars back within which two bars' channels are multiplied, and the channels: what a bar did, and how large it was. */
const PAIRED_BARS = 16;
const PAIRED_CHANNELS = ['return', 'direction', 'range'].map(channelOf);

/** Bars back whose direction is multiplied with all channels of the newest bars: what turns on the hour, the volume, the size of a bar. */
const TURNED_BARS = 8;
const TURNING_BARS = 2;

/** Pairs of cells of a sequence whose products are terms. */
const PAIRS: readonly (readonly [number, number])[] = [
  ...PAIRED_CHANNELS.flatMap((channel) =>
    bars(PAIRED_BARS).flatMap((later) =>
      bars(PAIRED_BARS)
        .slice(later + 1)
        .map((ago) => [cellOf(later, channel), cellOf(ago, channel)] as const),
    ),
  ),
  ...bars(TURNED_BARS).flatMap((ago) =>
    bars(TURNING_BARS).flatMap((later) =>
      CHANNELS.flatMap(({ name }, channel) =>
        // Directions among themselves are above; the time of the bar before says no more than that of the newest.
        name === 'direction' || (later > 0 && /^(day|week)_/.test(name))
          ? []
          : [[cellOf(ago, channelOf('direction')), cellOf(later, channel)] as const],
      ),
    ),
  ),
];

/** Terms of a path at most: cells and products. */
const TERMS = SEQUENCE_SIZE + PAIRS.length;

/** Channels whose sums over the last bars are terms, and how many bars: a rule that counts many alike is one such term, not many small ones. */
const SUMMED_CHANNELS = ['return', 'direction'].map(channelOf);
const SUMMED_BARS = [2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 24, 32];

/** Cells whose sums are terms while it is fitted; their weights are those of their cells afterwards. */
const SUMS: readonly (readonly number[])[] = SUMMED_CHANNELS.flatMap((channel) =>
  SUMMED_BARS.map((count) => bars(count).map((ago) => cellOf(ago, channel))),
);

/**
 * The sum of those cells of a sequence, and of those products of two, that show something by themselves. An edge of one bar some time
 * ago is a term of such a sum, and one of two bars is a product: few rows show it. A series in the sense of Volterra, cut
 * after its second order.
 */
export interface StraightPath {
  readonly cells: readonly number[];
  readonly pairs: readonly (readonly [number, number])[];
  /** (cells, then pairs) × 9, and × 3. */
  readonly classWeights: Float32Array;
  readonly moveWeights: Float32Array;
  readonly classBias: Float32Array;
  readonly moveBias: Float32Array;
}

/** A path with its answers to the rows it was fitted to and to the held-out ones. */
export interface FittedStraight {
  readonly path: StraightPath;
  readonly answered: Answered;
  readonly heldAnswered: Answered;
}

/** Fits the straight path to rows; the held-out rows say how many terms it has. */
export function fitStraight(
  rows: SequenceBatches,
  held: SequenceBatches,
  beforeStep?: () => void,
): FittedStraight {
  const sides = [rows, held].map((of) => ({ of, columns: termsOf(of) }));
  const [own, apart] = sides as [(typeof sides)[0], (typeof sides)[0]];
  const fitOf = (horizon: number, kind: 'classes' | 'moves'): SparseFit => {
    const [train, validation] = [own, apart].map(({ of, columns }) => ({
      columns,
      targets: kind === 'classes' ? classesOf(of, horizon) : [movesOf(of, horizon)],
    }));
    return spread(fitSparse(kind === 'classes' ? 'softmax' : 'identity', train!, validation!, beforeStep));
  };
  const classes = HORIZONS.map((_, h) => fitOf(h, 'classes'));
  const moves = HORIZONS.map((_, h) => fitOf(h, 'moves'));
  // Answers leave the sums' columns out, whose weights are in the cells' by now.
  const answer = ({ of, columns }: (typeof sides)[0]): Answered => ({
    logits: rowMajor(classes.flatMap((fit) => answersOf(fit, columns.slice(0, TERMS), of.rows))),
    returns: rowMajor(moves.flatMap((fit) => answersOf(fit, columns.slice(0, TERMS), of.rows))),
  });
  return { path: pathOf(classes, moves), answered: answer(own), heldAnswered: answer(apart) };
}

/** The straight path's answers to normalised channels (batch × bars × channels). */
export function straightForward(g: Graph, x: Value, path: StraightPath): Forecast {
  const { cells, pairs } = path;
  const flat = g.reshape(x, ['batch', SEQUENCE_SIZE]);
  const gather = (places: readonly number[]): Value =>
    g.emit('Gather', [flat, g.integers(places)], ['batch', places.length], { axis: 1 });
  const terms = [
    ...(cells.length > 0 ? [gather(cells)] : []),
    ...(pairs.length > 0 ? [g.mul(gather(pairs.map(([a]) => a)), gather(pairs.map(([, b]) => b)))] : []),
  ];
  const all = terms.length === 1 ? terms[0]! : g.concat(terms, 1);
  const count = cells.length + pairs.length;
  const sum = (weights: Float32Array, bias: Float32Array): Value =>
    g.add(g.matMul(all, g.constant(weights, [count, bias.length])), g.constant(bias, [bias.length]));
  return {
    logits: sum(path.classWeights, path.classBias),
    returns: sum(path.moveWeights, path.moveBias),
  };
}

/** Each cell of the rows' sequences as a column, then each product, then each sum. */
function termsOf(rows: SequenceBatches): Float64Array[] {
  const cells = Array.from({ length: SEQUENCE_SIZE }, (_, cell) => rows.cell(cell));
  const products = PAIRS.map(([a, b]) => cells[a]!.map((x, row) => x * cells[b]![row]!));
  const sums = SUMS.map((of) => {
    const sum = new Float64Array(rows.rows);
    for (const cell of of) for (let row = 0; row < sum.length; row++) sum[row]! += cells[cell]![row]!;
    return sum;
  });
  return [...cells, ...products, ...sums];
}

/** A fit whose sums are spread over their cells: what it adds up stays the same. */
function spread({ intercepts, weights }: SparseFit): SparseFit {
  const outputs = intercepts.length;
  const first = TERMS;
  const own = weights.slice(0, first * outputs);
  SUMS.forEach((cells, s) => {
    for (const cell of cells)
      for (let c = 0; c < outputs; c++) own[cell * outputs + c]! += weights[(first + s) * outputs + c]!;
  });
  return { intercepts, weights: own };
}

function classesOf({ rows, classes, known }: SequenceBatches, horizon: number): Float64Array[] {
  return [0, 1, 2].map((c) =>
    Float64Array.from({ length: rows }, (_, row) =>
      known[row * WIDTH + horizon] === 1 ? classes[row * CLASSES + horizon * 3 + c]! : NaN,
    ),
  );
}

function movesOf({ rows, targets, known }: SequenceBatches, horizon: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) =>
    known[row * WIDTH + horizon] === 1 ? targets[row * WIDTH + horizon]! : NaN,
  );
}

/** outputs × rows as rows × outputs. */
function rowMajor(columns: readonly Float64Array[]): Float32Array {
  const width = columns.length;
  return Float32Array.from(
    { length: width * columns[0]!.length },
    (_, i) => columns[i % width]![Math.floor(i / width)]!,
  );
}

/** The terms that any horizon uses, with the weights of all. The newest bar's first cell stands in where there is none. */
function pathOf(classes: readonly SparseFit[], moves: readonly SparseFit[]): StraightPath {
  const uses = (term: number): boolean =>
    [...classes, ...moves].some(({ intercepts: { length }, weights }) =>
      weights.subarray(term * length, (term + 1) * length).some((w) => w !== 0),
    );
  const used = Array.from({ length: TERMS }, (_, term) => term).filter(uses);
  const terms = used.length > 0 ? used : [SEQUENCE_SIZE - CHANNEL_COUNT];
  const weightsOf = (fits: readonly SparseFit[]): Float32Array =>
    Float32Array.from(
      terms.flatMap((term) =>
        fits.flatMap(({ intercepts: { length }, weights }) => [
          ...weights.subarray(term * length, (term + 1) * length),
        ]),
      ),
    );
  const biasOf = (fits: readonly SparseFit[]): Float32Array =>
    Float32Array.from(fits.flatMap(({ intercepts }) => [...intercepts]));
  return {
    cells: terms.filter((term) => term < SEQUENCE_SIZE),
    pairs: terms.filter((term) => term >= SEQUENCE_SIZE).map((term) => PAIRS[term - SEQUENCE_SIZE]!),
    classWeights: weightsOf(classes),
    moveWeights: weightsOf(moves),
    classBias: biasOf(classes),
    moveBias: biasOf(moves),
  };
}
