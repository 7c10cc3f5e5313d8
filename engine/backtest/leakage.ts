import type { Bar } from '../../actors/market/bar.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import { WARM_UP_BARS } from '../../actors/signal-actor.js';
import { buildDataset } from '../learning/dataset.js';
import { Random } from '../learning/random.js';
import { marketOf } from './market.js';
import { positionsOf, type Forecast } from './positions.js';
import { signalOptions, type BacktestSettings } from './settings.js';
import { walkForwardSignals, type WalkForwardSignals } from './signals.js';
import { simulate, type Trade } from './simulation.js';

/** Whether another future changes the past. */
export interface Leakage {
  /** Moments from which all bars were replaced, close times of the last bar that was kept. */
  readonly cuts: readonly number[];
  /** Forecasts and trades up to those moments that were compared, and those that differed. */
  readonly forecasts: number;
  readonly trades: number;
  readonly differences: number;
}

/** Where the first fold is cut, as shares of its test rows. */
const CUTS = [0, 0.5] as const;

/**
 * Looks for a look at the future: replaces every bar after a moment by another market (mirrored prices with noise, the same
 * times), does everything once more (features, labels, splits, training, forecasts, positions, fills), and compares what was
 * said and traded before. The cuts are where the first fold's test rows begin, which shows what its training
 * sees, and in their middle.
 */
export async function leakageOf(
  bars: readonly Bar[],
  settings: BacktestSettings,
  signals: WalkForwardSignals,
): Promise<Leakage> {
  const { from, to } = signals.folds[0]!.test;
  const cuts = CUTS.map((share) => WARM_UP_BARS - 1 + from + Math.floor((to - from) * share));
  const of = (list: readonly Forecast[], cut: number): Forecast[] => list.filter(({ bar }) => bar <= cut);
  const found = { forecasts: 0, trades: 0, differences: 0 };
  const grid = BarGrid.of(settings.timeframe, settings.calendar);
  for (const cut of cuts) {
    const other = withOtherFuture(bars, cut, settings.seed);
    const again = await walkForwardSignals(settings.family, buildDataset(other, grid), {
      ...signalOptions(settings),
      foldsUsed: 1,
    });
    compare(of(signals.forecasts, cut), of(again.forecasts, cut), (n, d) => {
      found.forecasts += n;
      found.differences += d;
    });
    const tradesOf = (on: readonly Bar[], list: readonly Forecast[]): Trade[] =>
      tradesThrough(on, list, cut, settings, grid);
    compare(tradesOf(bars, signals.forecasts), tradesOf(other, again.forecasts), (n, d) => {
      found.trades += n;
      found.differences += d;
    });
  }
  return { cuts: cuts.map((cut) => grid.closeOf(bars[cut]!.openTime)), ...found };
}

/** Trades that were over when a bar closed. */
function tradesThrough(
  bars: readonly Bar[],
  forecasts: readonly Forecast[],
  cut: number,
  { rule, costs, basis }: BacktestSettings,
  grid: BarGrid,
): Trade[] {
  const market = marketOf(bars, grid, basis, costs);
  const trades: Trade[] = [];
  const range = { from: forecasts[0]!.bar, to: bars.length };
  simulate(market, positionsOf(forecasts, rule, market), range, costs, (trade) => trades.push(trade));
  return trades.filter(({ exitBar }) => exitBar <= cut);
}

function compare(
  a: readonly object[],
  b: readonly object[],
  found: (compared: number, differences: number) => void,
): void {
  const most = Math.max(a.length, b.length);
  let differences = 0;
  for (let i = 0; i < most; i++) if (JSON.stringify(a[i]) !== JSON.stringify(b[i])) differences++;
  found(most, differences);
}

/** The same bars up to `cut`, after it others at the same times: moves turned round and made uneven. */
function withOtherFuture(bars: readonly Bar[], cut: number, seed: number): Bar[] {
  const random = new Random(seed + 11);
  let factor = 1;
  return bars.map((bar, i) => {
    if (i <= cut) return bar;
    const before = bars[i - 1]!.close;
    factor *= (before / bar.close) ** 2 * Math.exp(0.0005 * random.normal());
    const scaled = (price: number): number => price * factor;
    return {
      ...bar,
      open: scaled(bar.open),
      high: scaled(bar.high),
      low: scaled(bar.low),
      close: scaled(bar.close),
      bid: scaled(bar.bid),
      ask: scaled(bar.ask),
      volume: bar.volume * (0.5 + random.next()),
    };
  });
}
