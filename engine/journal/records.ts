import type { Label } from '../../actors/features/labels.js';
import { HORIZONS } from '../../actors/features/labels.js';
import type { Bar } from '../../actors/market/bar.js';
import type { Quote } from '../../actors/market/quote.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import type { FeatureRow } from '../../actors/messages.js';
import type { CursorState } from '../../actors/series-machine.js';
import type { Evidence } from '../../actors/signals/evidence.js';
import type { RoutePlan } from '../../actors/signals/route-plan.js';
import type { Signal, WithheldReason } from '../../actors/signals/signal.js';

/** An accepted input, as it lies in the journal: one record a batch of one instrument (feed and symbol). */
export type InputRecord =
  /** Closed bars of the instrument’s base series, nine numbers each. */
  | { readonly kind: 'bars'; readonly instrument: string; readonly numbers: Float64Array }
  /** Quotes, five numbers each. */
  | { readonly kind: 'quotes'; readonly instrument: string; readonly numbers: Float64Array }
  | { readonly kind: 'clock'; readonly instrument: string; readonly now: number }
  | {
      readonly kind: 'route';
      readonly instrument: string;
      readonly target: string;
      readonly route: RoutePlan;
    }
  /** From here on a tenant has signals on a timeframe. */
  | {
      readonly kind: 'follow';
      readonly instrument: string;
      readonly tenantId: string;
      readonly timeframe: Timeframe;
      /** One of its users alone, with a plan of his own. */
      readonly user?: { readonly userId: string; readonly route: RoutePlan };
    }
  /** A user's own signals end with the newest bar; `isOver` once what came of them is known, and their actor goes. */
  | {
      readonly kind: 'unfollow';
      readonly instrument: string;
      readonly tenantId: string;
      readonly userId: string;
      readonly timeframe: Timeframe;
      readonly isOver: boolean;
    };

/** What is built from an instrument (a feed's symbol), and for whom. */
export interface InstrumentDefinition {
  readonly feed: string;
  /** Tenant a private feed belongs to; `platform` for a shared one. */
  readonly owner: string;
  readonly symbol: string;
  /** Name of its calendar; without one UTC's. */
  readonly calendar?: string;
  /** Timeframe of the bars that come in, or that quotes are built into. */
  readonly base: Timeframe;
  /** Longer series, each from bars that open at `since` or later. */
  readonly longer: readonly { readonly timeframe: Timeframe; readonly since: number }[];
  /** Tenants with signals, by timeframe, and the models they are made with. */
  readonly signals: readonly {
    readonly tenantId: string;
    readonly timeframe: Timeframe;
    readonly route: RoutePlan | undefined;
  }[];
  /** Users with plans of their own on a timeframe that their tenant has signals on. */
  readonly userSignals?: readonly UserSignals[];
  /** Bars that users had signals of their own on, oldest first. */
  readonly pastUserSignals?: readonly PastUserSignals[];
}

interface OfUser {
  readonly tenantId: string;
  readonly userId: string;
  readonly timeframe: Timeframe;
  /** His are those of bars that close after this; before, they were the tenant's. */
  readonly since: number;
}

/** One user's signals on a timeframe, in the place of those of the tenant. */
export interface UserSignals extends OfUser {
  /** Undefined once they have ended: what came of the last of them is awaited. */
  readonly route: RoutePlan | undefined;
}

/** Those of one user that have ended. */
export interface PastUserSignals extends OfUser {
  /** Close time of the last bar. */
  readonly until: number;
}

/** An instrument as of an input position, without the states of its actors. */
export interface InstrumentRecord {
  readonly definition: InstrumentDefinition;
  /** Position of the last input that is in it. */
  readonly position: number;
  readonly cursor: CursorState;
  /** The base bar that quotes were building. */
  readonly openBar: Bar | undefined;
}

const BAR_NUMBERS = 9;
const QUOTE_NUMBERS = 5;

export function packBars(bars: readonly Bar[]): Float64Array {
  const numbers = new Float64Array(bars.length * BAR_NUMBERS);
  bars.forEach((bar, i) => {
    numbers.set(
      [bar.openTime, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.tickCount, bar.bid, bar.ask],
      i * BAR_NUMBERS,
    );
  });
  return numbers;
}

export function unpackBars(numbers: Float64Array): Bar[] {
  return Array.from({ length: numbers.length / BAR_NUMBERS }, (_, i) => {
    const at = i * BAR_NUMBERS;
    return {
      openTime: numbers[at]!,
      open: numbers[at + 1]!,
      high: numbers[at + 2]!,
      low: numbers[at + 3]!,
      close: numbers[at + 4]!,
      volume: numbers[at + 5]!,
      tickCount: numbers[at + 6]!,
      bid: numbers[at + 7]!,
      ask: numbers[at + 8]!,
    };
  });
}

export function packQuotes(quotes: readonly Quote[]): Float64Array {
  const numbers = new Float64Array(quotes.length * QUOTE_NUMBERS);
  quotes.forEach((quote, i) => {
    numbers.set([quote.ts, quote.bid, quote.ask, quote.bidSize, quote.askSize], i * QUOTE_NUMBERS);
  });
  return numbers;
}

export function unpackQuotes(numbers: Float64Array): Quote[] {
  return Array.from({ length: numbers.length / QUOTE_NUMBERS }, (_, i) => {
    const at = i * QUOTE_NUMBERS;
    return {
      ts: numbers[at]!,
      bid: numbers[at + 1]!,
      ask: numbers[at + 2]!,
      bidSize: numbers[at + 3]!,
      askSize: numbers[at + 4]!,
    };
  });
}

/** Numbers of labels a row has: direction, return, gain, loss, barrier, resolved at, for each horizon. */
export const LABEL_NUMBERS = 6 * HORIZONS.length;

/** Writes a label into its place among a row's label numbers. */
function setLabel(labels: Float64Array, label: Readonly<Label>): void {
  labels.set(
    [label.direction, label.return, label.maxGain, label.maxLoss, label.barrier, label.resolvedAt],
    label.horizon * 6,
  );
}

/** A stored row: the bar, its features and the labels known so far (NaN where not). */
export interface StoredRow {
  readonly seriesId: string;
  readonly closeTime: number;
  readonly bar: Bar;
  readonly qualityScore: number;
  readonly qualityFlags: number;
  readonly values: Float32Array;
  readonly labels: Float64Array;
}

const ROW_HEADER = BAR_NUMBERS + 2 + LABEL_NUMBERS;

/** Packs a row into one buffer: doubles (bar, quality, labels), then the features as Float32. */
export function packRow(row: FeatureRow): Uint8Array {
  const buffer = new Uint8Array(ROW_HEADER * 8 + row.values.byteLength);
  const doubles = new Float64Array(buffer.buffer, 0, ROW_HEADER);
  doubles.set(packBars([row.bar]));
  doubles[BAR_NUMBERS] = row.qualityScore;
  doubles[BAR_NUMBERS + 1] = row.qualityFlags;
  doubles.fill(NaN, BAR_NUMBERS + 2);
  new Float32Array(buffer.buffer, ROW_HEADER * 8).set(row.values);
  return buffer;
}

/** Label numbers with more of them known: those given, which it changes, or new ones. */
export function withLabels(
  known: Float64Array | undefined,
  labels: readonly Readonly<Label>[],
): Float64Array {
  const numbers = known ?? new Float64Array(LABEL_NUMBERS).fill(NaN);
  for (const label of labels) setLabel(numbers, label);
  return numbers;
}

/** Reads a packed row; `labels` are those that became known after it was packed. */
export function unpackRow(
  seriesId: string,
  closeTime: number,
  packed: Uint8Array,
  labels?: Float64Array,
): StoredRow {
  const copy = new Uint8Array(packed);
  const doubles = new Float64Array(copy.buffer, 0, ROW_HEADER);
  const known = doubles.subarray(BAR_NUMBERS + 2);
  labels?.forEach((number, i) => {
    if (!Number.isNaN(number)) known[i] = number;
  });
  return {
    seriesId,
    closeTime,
    bar: unpackBars(doubles.subarray(0, BAR_NUMBERS))[0]!,
    qualityScore: doubles[BAR_NUMBERS]!,
    qualityFlags: doubles[BAR_NUMBERS + 1]!,
    labels: known,
    values: new Float32Array(copy.buffer, ROW_HEADER * 8),
  };
}

/** What a signal actor concluded about one bar, with the evidence that replays it. */
export interface ConclusionRecord {
  readonly actorId: string;
  readonly closeTime: number;
  readonly evidence: Evidence;
  readonly result:
    | { readonly kind: 'signal'; readonly signal: Signal }
    | { readonly kind: 'withheld'; readonly reason: WithheldReason };
}

/** What the prediction store is told, in order. */
export type PredictionEvent =
  | { readonly kind: 'signal'; readonly sequence: number; readonly signal: Signal }
  /** What an arm that did not serve a bar would have signalled, and the bar's spread over its close (NaN: unknown). */
  | { readonly kind: 'answer'; readonly signal: Signal; readonly spread: number }
  | {
      readonly kind: 'outcome';
      readonly tenantId: string;
      /** User whose prediction it is alone. */
      readonly userId?: string | undefined;
      readonly predictionId: string;
      readonly label: Label;
    }
  | { readonly kind: 'trade'; readonly trade: TradeRecord };

/** A closed trade that a prediction led to, as it is kept. Times in epoch milliseconds UTC. */
export interface TradeRecord {
  readonly tradeId: string;
  readonly tenantId: string;
  /** Who reported it. */
  readonly userId: string | undefined;
  readonly predictionId: string;
  /** User whose own the prediction is. */
  readonly predictionUserId?: string;
  readonly symbol: string;
  readonly timeframe: string;
  readonly modelVersion: string;
  /** Close time of the bar it was predicted at. */
  readonly barCloseTime: number;
  readonly side: 'LONG' | 'SHORT';
  readonly quantity: number;
  readonly entryTime: number;
  readonly entryPrice: number;
  readonly exitTime: number;
  readonly exitPrice: number;
  /** After costs, in `currency`. */
  readonly pnlMoney: number;
  readonly currency: string;
  /** Price difference in the trade's favour, in pips, before costs. */
  readonly pnlPips: number;
  /** The same in percent of the entry price. */
  readonly pnlPercent: number;
  /** Costs in `currency`. */
  readonly commission: number;
  readonly financing: number;
  readonly slippagePips: number | undefined;
  readonly exitReason: string;
  readonly marketConditions: Readonly<Record<string, string | number>>;
}

/** A moment of a series in a tenant's pattern index. */
export interface PatternRecord {
  readonly vector: Float32Array;
  /** Direction and return for each horizon; NaN while unknown. */
  readonly directions: readonly number[];
  readonly returns: readonly number[];
  /** Close time of the bar that made the longest horizon known; 0 while open. */
  readonly resolvedAt: number;
  /** Indicator values and market conditions at the moment, by name. */
  readonly conditions: Readonly<Record<string, number>>;
  /** Reconstruction error in units of what is usual; undefined where it was not measured. */
  readonly anomaly?: number | undefined;
  /** What trades on it earned together; undefined without any. */
  readonly trades?: TradeOutcome | undefined;
}

/** What closed trades on one prediction came to. */
export interface TradeOutcome {
  readonly count: number;
  /** Those that gained. */
  readonly won: number;
  readonly pips: number;
  readonly percent: number;
}
