import type { BarGrid } from './bar-grid.js';

/**
 * One closed bar. Prices in quote currency; times in epoch milliseconds UTC.
 * NaN in `volume`, `tickCount`, `bid` or `ask` means unknown, never zero.
 */
export interface Bar {
  readonly openTime: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly tickCount: number;
  /** Closing bid. */
  readonly bid: number;
  /** Closing ask. */
  readonly ask: number;
}

/** Why a bar or a quote was not taken. */
export type RejectReason =
  | 'not_finite'
  | 'not_positive'
  | 'high_below_low'
  | 'outside_range'
  | 'negative_volume'
  | 'negative_size'
  | 'crossed_quote'
  | 'bad_time'
  | 'misaligned_time'
  | 'implausible_time'
  | 'implausible_price'
  | 'implausible_size';

/**
 * Limits no market comes near. Within them whatever the features compute stays finite; one price of 1e300 would leave
 * averages infinite for good.
 */
export const PRICE_MIN = 1e-12;
export const PRICE_MAX = 1e12;
/** Of volumes, ticks and the sizes of quotes. */
const SIZE_MAX = 1e18;

/** Whether a positive price that may be unknown (NaN) is none of any market. */
export function isImplausiblePrice(price: number): boolean {
  return price < PRICE_MIN || price > PRICE_MAX;
}

/** Whether a volume or size that may be unknown (NaN) is none of any market. */
export function isImplausibleSize(size: number): boolean {
  return size > SIZE_MAX;
}

/** Whether a value that may be unknown (NaN) is infinite. */
export function isInfinite(value: number): boolean {
  return value === Infinity || value === -Infinity;
}

/** Whether two bars of one time have the same contents; unknown (NaN) equals unknown. */
export function isSameBar(a: Bar, b: Bar): boolean {
  return (
    a.open === b.open &&
    a.high === b.high &&
    a.low === b.low &&
    a.close === b.close &&
    Object.is(a.volume, b.volume) &&
    Object.is(a.tickCount, b.tickCount) &&
    Object.is(a.bid, b.bid) &&
    Object.is(a.ask, b.ask)
  );
}

/**
 * Checks what must hold for a bar to enter the state. Returns the first reason it may not, else undefined.
 * A bar must open on the grid of its series.
 */
export function barDefect(bar: Bar, grid: BarGrid): RejectReason | undefined {
  if (!Number.isSafeInteger(bar.openTime) || bar.openTime < 0) return 'bad_time';
  if (!grid.isOpen(bar.openTime)) return 'misaligned_time';
  const { open, high, low, close } = bar;
  if (!Number.isFinite(open + high + low + close)) return 'not_finite';
  if (open <= 0 || high <= 0 || low <= 0 || close <= 0) return 'not_positive';
  if (high < low) return 'high_below_low';
  if (open > high || open < low || close > high || close < low) return 'outside_range';
  if (bar.volume < 0 || bar.tickCount < 0) return 'negative_volume';
  if (isInfinite(bar.volume) || isInfinite(bar.tickCount)) return 'not_finite';
  if (isInfinite(bar.bid) || isInfinite(bar.ask)) return 'not_finite';
  if (bar.bid <= 0 || bar.ask <= 0) return 'not_positive';
  if (bar.ask < bar.bid) return 'crossed_quote';
  if (isImplausiblePrice(low) || isImplausiblePrice(high)) return 'implausible_price';
  if (isImplausiblePrice(bar.bid) || isImplausiblePrice(bar.ask)) return 'implausible_price';
  if (isImplausibleSize(bar.volume) || isImplausibleSize(bar.tickCount)) return 'implausible_size';
  return undefined;
}
