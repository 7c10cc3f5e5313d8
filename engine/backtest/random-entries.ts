import { Random } from '../learning/random.js';
import type { Costs, Market } from './market.js';
import { barsPerYear, returnsOf } from './performance.js';
import { simulate, type BarRange } from './simulation.js';

/** Points of the equity curves that a band keeps. */
const POINTS = 240;

/** Where random entries with the same positions would have ended: percentiles of the runs. */
export interface RandomBand {
  readonly runs: number;
  /** 5th, 50th and 95th percentile. */
  readonly totalReturn: readonly [number, number, number];
  readonly sharpe: readonly [number, number, number];
  /** Share of the runs that did at least as well, the run itself counted among them: a p-value. */
  readonly asGoodBySharpe: number;
  readonly asGoodByReturn: number;
  /** Bars of the range, and the equity after each: 5th, 50th, 95th percentile. */
  readonly points: readonly number[];
  readonly low: readonly number[];
  readonly middle: readonly number[];
  readonly high: readonly number[];
}

/**
 * What luck would have made of the same positions: each run keeps their lengths and sides and puts them in random order at random
 * moments that do not overlap. So exposure, holding times, share of longs and costs are the same, and only the moments
 * differ.
 */
export function randomBand(
  market: Market,
  positions: Int8Array,
  range: BarRange,
  costs: Costs,
  options: { readonly runs: number; readonly seed: number; readonly spanMs: number },
): RandomBand {
  const { runs, seed, spanMs } = options;
  const random = new Random(seed);
  const bars = range.to - range.from;
  const perYear = barsPerYear(bars, spanMs);
  const points = pointsOf(bars);
  const curves = Array.from({ length: points.length }, () => new Float64Array(runs));
  const totals = new Float64Array(runs);
  const sharpes = new Float64Array(runs);
  const own = simulate(market, positions, range, costs).equity;
  const holdings = holdingsOf(positions, range);
  for (let run = 0; run < runs; run++) {
    const { equity } = simulate(
      market,
      scattered(holdings, positions.length, range.from, random),
      range,
      costs,
    );
    points.forEach((bar, at) => (curves[at]![run] = equity[bar]!));
    totals[run] = equity.at(-1)! - 1;
    sharpes[run] = ratioOf(equity, perYear);
  }
  const asGood = (values: Float64Array, than: number): number =>
    (1 + values.filter((value) => value >= than).length) / (1 + runs);
  const asGoodBySharpe = asGood(sharpes, ratioOf(own, perYear));
  const asGoodByReturn = asGood(totals, own.at(-1)! - 1);
  const bands = curves.map(percentiles);
  return {
    runs,
    totalReturn: percentiles(totals),
    sharpe: percentiles(sharpes),
    asGoodBySharpe,
    asGoodByReturn,
    points,
    low: bands.map(([low]) => low),
    middle: bands.map(([, middle]) => middle),
    high: bands.map(([, , high]) => high),
  };
}

/** Bars of a range that a curve shows, the last among them. */
export function pointsOf(bars: number, most = POINTS): number[] {
  const count = Math.min(bars, most);
  return Array.from({ length: count }, (_, i) => Math.ceil(((i + 1) * bars) / count) - 1);
}

/** A position: its side, and the bars it is held. */
interface Holding {
  readonly side: number;
  readonly bars: number;
}

interface Holdings {
  readonly held: readonly Holding[];
  /** Bars without a position. */
  readonly pause: number;
}

/** The positions that a range fills, one after the other. That after the last bar is filled no more. */
function holdingsOf(positions: Int8Array, { from, to }: BarRange): Holdings {
  const held: { side: number; bars: number }[] = [];
  let pause = 0;
  for (let bar = from; bar < to - 1; bar++) {
    const side = positions[bar]!;
    if (side === 0) pause++;
    else if (bar > from && side === positions[bar - 1]) held.at(-1)!.bars++;
    else held.push({ side, bars: 1 });
  }
  return { held, pause };
}

/**
 * The same positions in random order at random moments. Those that follow each other the same way stay two: one is ±1, the other
 * ±2.
 */
function scattered({ held, pause }: Holdings, length: number, from: number, random: Random): Int8Array {
  const positions = new Int8Array(length);
  const order = Uint32Array.from(held, (_, i) => i);
  random.shuffle(order);
  // Where in the pause each begins.
  const begins = Uint32Array.from(held, () => random.below(pause + 1)).sort();
  let before = 0;
  order.forEach((which, i) => {
    const { side, bars } = held[which]!;
    const bar = from + begins[i]! + before;
    positions.fill(side * (1 + (i % 2)), bar, bar + bars);
    before += bars;
  });
  return positions;
}

function ratioOf(equity: Float64Array, perYear: number): number {
  const returns = returnsOf(equity);
  let [sum, squares] = [0, 0];
  for (const r of returns) {
    sum += r;
    squares += r * r;
  }
  const mean = sum / returns.length;
  const variance = squares / returns.length - mean * mean;
  return variance > 0 ? (mean / Math.sqrt(variance)) * Math.sqrt(perYear) : 0;
}

function percentiles(values: Float64Array): readonly [number, number, number] {
  const sorted = values.slice().sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))]!;
  return [at(0.05), at(0.5), at(0.95)];
}
