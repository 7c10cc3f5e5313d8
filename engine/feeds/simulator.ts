import { StateLayout } from '../../actors/indicators/state.js';
import type { Bar } from '../../actors/market/bar.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import { BarBuilder } from '../../actors/market/bar-builder.js';
import type { Quote } from '../../actors/market/quote.js';
import { timeframeMs, type Timeframe } from '../../actors/market/timeframe.js';
import { newYorkOffsetMs, sessionsAt, type SessionState } from '../../actors/market/trading-session.js';
import { Random } from '../learning/random.js';

/** First simulated moment: a Monday. */
const SIMULATION_START = Date.UTC(2024, 0, 1);
const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const QUOTES_A_BLOCK = 12;

interface Instrument {
  readonly price: number;
  /** Standard deviation of a one-minute return. */
  readonly volatility: number;
  readonly pip: number;
  readonly digits: number;
}

const INSTRUMENTS: Readonly<Record<string, Instrument>> = {
  EURUSD: { price: 1.1, volatility: 1.2e-4, pip: 1e-4, digits: 5 },
  GBPUSD: { price: 1.27, volatility: 1.4e-4, pip: 1e-4, digits: 5 },
  USDJPY: { price: 145, volatility: 1.3e-4, pip: 1e-2, digits: 3 },
  XAUUSD: { price: 2050, volatility: 1.8e-4, pip: 1e-1, digits: 2 },
};
const ANY: Instrument = { price: 100, volatility: 2e-4, pip: 1e-2, digits: 4 };

/**
 * One invented market, block by block (a block is a bar of the simulated timeframe): calm, trending and wild regimes, Student-t shocks, livelier
 * sessions, closed weekends, and a planted momentum (the chance that a block goes the way of the last).
 * Seeded: the same seed and symbol give the same quotes, however often one asks.
 */
export class SimulatedMarket {
  readonly symbol: string;
  readonly #random: Random;
  readonly #instrument: Instrument;
  readonly #momentum: number;
  readonly #sessions: SessionState = { asia: false, london: false, newYork: false, minutesSinceOpen: 0 };
  #price: number;
  #regime = 1;
  #direction = 1;
  #next = SIMULATION_START;
  readonly #blockMs: number;

  constructor(symbol: string, seed: number, momentum: number, blockMs: number) {
    this.#blockMs = blockMs;
    this.symbol = symbol;
    let mixed = seed >>> 0;
    for (const character of symbol) mixed = Math.imul(mixed ^ character.codePointAt(0)!, 0x01000193) >>> 0;
    this.#random = new Random(mixed);
    this.#instrument = INSTRUMENTS[symbol] ?? ANY;
    this.#price = this.#instrument.price;
    this.#momentum = momentum;
  }

  /** Start of the block that {@link nextBlock} answers for. */
  get blockStart(): number {
    return this.#next;
  }

  /** The quotes of the next block, none while the market is closed. */
  nextBlock(): Quote[] {
    const start = this.#next;
    this.#next += this.#blockMs;
    if (isWeekend(start)) return [];
    const random = this.#random;
    if (random.next() < 0.002) this.#regime = [0.6, 1, 1, 2.2][random.below(4)]!;
    sessionsAt(start, this.#sessions);
    const { asia, london, newYork } = this.#sessions;
    const activity = 0.5 + (asia ? 0.2 : 0) + (london ? 0.5 : 0) + (newYork ? 0.5 : 0);
    // Student-t with 4 degrees of freedom, brought to unit variance.
    const shock =
      Math.abs(random.normal()) /
      Math.sqrt(
        (random.normal() ** 2 + random.normal() ** 2 + random.normal() ** 2 + random.normal() ** 2) / 4 +
          0.25,
      );
    this.#direction = random.next() < this.#momentum ? this.#direction : -this.#direction;
    const from = this.#price;
    const change =
      this.#direction * Math.min(6, 0.2 + shock) * this.#volatility() * this.#regime * activity * 0.7;
    this.#price = from * Math.exp(change);
    const quotes: Quote[] = [];
    for (let i = 0; i < QUOTES_A_BLOCK; i++) {
      const along = (i + 1) / QUOTES_A_BLOCK;
      const noise = i === QUOTES_A_BLOCK - 1 ? 0 : random.normal() * this.#volatility() * 0.15;
      quotes.push(
        this.#quote(
          start + Math.floor((i + 0.5) * (this.#blockMs / QUOTES_A_BLOCK)),
          from + (this.#price - from) * along + from * noise,
        ),
      );
    }
    return quotes;
  }

  #volatility(): number {
    return this.#instrument.volatility * Math.sqrt(this.#blockMs / MINUTE);
  }

  #quote(ts: number, bid: number): Quote {
    const { pip, digits } = this.#instrument;
    const scale = 10 ** digits;
    const rounded = Math.round(bid * scale) / scale;
    const spread = pip * (0.1 + 0.1 * this.#regime);
    return {
      ts,
      bid: rounded,
      ask: Math.round((rounded + spread) * scale) / scale,
      bidSize: NaN,
      askSize: NaN,
    };
  }
}

/** The first closed bars of a simulated market without momentum, as its quotes make them. */
export function simulatedBars(symbol: string, seed: number, timeframe: Timeframe, count: number): Bar[] {
  const lengthMs = timeframeMs(timeframe);
  const market = new SimulatedMarket(symbol, seed, 0.5, lengthMs);
  const layout = new StateLayout();
  const builder = new BarBuilder(layout, BarGrid.of(timeframe), 'bid');
  const state = new Float64Array(layout.size);
  const bars: Bar[] = [];
  while (bars.length < count) {
    for (const quote of market.nextBlock()) {
      const bar = builder.addQuote(state, quote);
      if (bar !== undefined) bars.push(bar);
    }
  }
  return bars.slice(0, count);
}

/** Whether the simulated markets are closed: from Friday 17:00 to Sunday 17:00 New York. */
export function isWeekend(ts: number): boolean {
  const local = ts + newYorkOffsetMs(ts) + 7 * HOUR;
  const weekday = (Math.floor(local / DAY) + 4) % 7;
  return weekday === 6 || weekday === 0;
}
