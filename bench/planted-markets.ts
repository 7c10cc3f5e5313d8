import type { Bar } from '../actors/market/bar.js';
import { Random } from '../engine/learning/random.js';
import { MONDAY } from '../test/support/markets.js';

const HOUR = 3_600_000;
/** How often a bar goes the way its rule says. */
const FOLLOWED = 0.62;
/** A bar of this size, of 1 at most, is a big one. */
const BIG = 0.8;

/** What a rule says of the next bar: up, down, or nothing (0). */
type Rule = (past: Past) => number;

interface Past {
  /** Directions, newest first. */
  readonly signs: readonly number[];
  /** Size of the newest bar, uniform in 0..1. */
  readonly size: number;
  /** Hour of the next bar, 0 to 23. */
  readonly hour: number;
}

/** The sign of the sum of some signs. */
function majority(signs: readonly number[]): number {
  return Math.sign(signs.reduce((sum, s) => sum + s, 0));
}

/** Edges of kinds that an indicator, a sequence, or both can tell, each the only one of its market. */
export const RULES: Readonly<Record<string, Rule>> = {
  momentum: ({ signs }) => signs[0]!,
  reversal: ({ signs }) => -signs[0]!,
  'product of the last two signs': ({ signs }) => signs[0]! * signs[1]!,
  'majority of three': ({ signs }) => majority(signs.slice(0, 3)),
  'hour of the day': ({ hour }) => (hour % 8 < 4 ? 1 : -1),
  'only after a big bar': ({ signs, size }) => (size > BIG ? signs[0]! : 0),
  'the sign of 15 bars ago': ({ signs }) => signs[14]!,
  'majority of five, against it': ({ signs }) => -majority(signs.slice(0, 5)),
  'the sign of 10 bars ago': ({ signs }) => signs[9]!,
  'product of the signs of 3 and 7 bars ago': ({ signs }) => signs[2]! * signs[6]!,
  'four of the last seven': ({ signs }) => majority(signs.slice(0, 7)),
  'on with the last by night, against it by day': ({ signs, hour }) => (hour < 12 ? signs[0]! : -signs[0]!),
};

/** Hourly bars of a market with one edge, and what its rule said of the bar after each. */
export function plantedMarket(
  rule: Rule,
  count: number,
  seed: number,
): { readonly bars: readonly Bar[]; readonly said: readonly number[] } {
  const random = new Random(seed);
  const signs = Array.from({ length: 15 }, (_, i) => [1, 1, -1, 1, -1][i % 5]!);
  const said: number[] = [];
  let price = 1.1;
  let size = 0.5;
  let next = 0;
  const bars = Array.from({ length: count }, (_, i) => {
    const way = next === 0 ? 1 : next;
    const direction = random.next() < (next === 0 ? 0.5 : FOLLOWED) ? way : -way;
    size = random.next();
    const open = price;
    const close = open * (1 + direction * 0.0006 * (0.3 + size));
    price = close;
    signs.unshift(direction);
    signs.length = 15;
    next = rule({ signs, size, hour: (i + 1) % 24 });
    said.push(next);
    return {
      openTime: MONDAY + i * HOUR,
      open,
      high: Math.max(open, close) * (1 + 0.0002 * random.next()),
      low: Math.min(open, close) * (1 - 0.0002 * random.next()),
      close,
      volume: Math.round(500 + 1000 * random.next()),
      tickCount: NaN,
      bid: close,
      ask: close * 1.00005,
    };
  });
  return { bars, said };
}
