import type { Bar } from '../../actors/market/bar.js';
import { Random } from '../../engine/learning/random.js';

/** A Monday, 00:00 UTC. */
export const MONDAY = Date.UTC(2024, 0, 1);

/** Seeded bars of an invented market; `momentum` is the chance that a bar goes the way of the last. */
export function inventedBars(
  count: number,
  options: {
    readonly seed?: number;
    readonly lengthMs?: number;
    /** Open time of the first. */
    readonly from?: number;
    readonly momentum?: number;
    readonly volume?: boolean;
  } = {},
): Bar[] {
  const { seed = 1, lengthMs = 3_600_000, from = MONDAY, momentum = 0.5, volume = true } = options;
  const random = new Random(seed);
  let price = 1.1;
  let direction = 1;
  return Array.from({ length: count }, (_, i) => {
    direction = random.next() < momentum ? direction : -direction;
    const open = price;
    const close = open * (1 + direction * 0.0006 * (0.5 + random.next()));
    price = close;
    const high = Math.max(open, close) * (1 + 0.0002 * random.next());
    const low = Math.min(open, close) * (1 - 0.0002 * random.next());
    return {
      openTime: from + i * lengthMs,
      open,
      high,
      low,
      close,
      volume: volume ? Math.round(500 + 1000 * random.next()) : NaN,
      tickCount: NaN,
      bid: close,
      ask: close * 1.00005,
    };
  });
}

/** Invented bars of which nine of ten go up. */
export function risingBars(count: number): Bar[] {
  const random = new Random(3);
  let shift = 0;
  return inventedBars(count, { seed: 3 }).map((bar) => {
    const goesUp = random.next() < 0.9;
    const size = Math.abs(bar.close - bar.open);
    const open = bar.open + shift;
    const close = goesUp ? open + size : open - size;
    shift += close - open - (bar.close - bar.open);
    const wick = 0.0001;
    return {
      ...bar,
      open,
      close,
      high: Math.max(open, close) + wick,
      low: Math.min(open, close) - wick,
      bid: close,
      ask: close * 1.00005,
    };
  });
}

/** The bars as a CSV file's text. */
export function toCsv(bars: readonly Bar[]): string {
  const lines = bars.map((b) =>
    [b.openTime, b.open, b.high, b.low, b.close, b.volume, b.bid, b.ask].join(','),
  );
  return `ts,open,high,low,close,volume,bid,ask\n${lines.join('\n')}\n`;
}

/** Bars as if they came right after those before: their times and prices go on where these end. */
export function followedBy(before: readonly Bar[], after: readonly Bar[], lengthMs = 3_600_000): Bar[] {
  const last = before.at(-1)!;
  const times = last.close / after[0]!.open;
  const shift = last.openTime + lengthMs - after[0]!.openTime;
  const moved = after.map((bar) => ({
    ...bar,
    openTime: bar.openTime + shift,
    open: bar.open * times,
    high: bar.high * times,
    low: bar.low * times,
    close: bar.close * times,
    bid: bar.bid * times,
    ask: bar.ask * times,
  }));
  return [...before, ...moved];
}
