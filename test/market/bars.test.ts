import { BarGrid } from '../../actors/market/bar-grid.js';
import { UTC_CALENDAR } from '../../actors/market/calendar.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Labeler, type Label } from '../../actors/features/labels.js';
import { StateLayout } from '../../actors/indicators/state.js';
import { barDefect, type Bar } from '../../actors/market/bar.js';
import { BarBuilder } from '../../actors/market/bar-builder.js';
import { quoteDefect, type PriceBasis } from '../../actors/market/quote.js';
import { canonicalSymbol } from '../../actors/market/symbol.js';
import {
  londonOffsetMs,
  minutesToWeekClose,
  newYorkOffsetMs,
  sessionsAt,
  tradingDay,
} from '../../actors/market/trading-session.js';

const MINUTE = 60_000;
const HOURS = BarGrid.of('1h');
const HOUR = 3_600_000;

function builder(lengthMs: number, basis: PriceBasis = 'bid'): { builder: BarBuilder; state: Float64Array } {
  const layout = new StateLayout();
  const made = new BarBuilder(layout, new BarGrid(lengthMs, UTC_CALENDAR), basis);
  return { builder: made, state: new Float64Array(layout.size) };
}

const quote = (ts: number, bid: number, ask: number) => ({ ts, bid, ask, bidSize: NaN, askSize: NaN });
const bar = (
  openTime: number,
  open: number,
  high: number,
  low: number,
  close: number,
  rest: Partial<Bar> = {},
): Bar => ({
  openTime,
  open,
  high,
  low,
  close,
  volume: NaN,
  tickCount: NaN,
  bid: NaN,
  ask: NaN,
  ...rest,
});

test('quotes become a bid bar with its closing quote and tick count when the next minute begins', () => {
  const { builder: b, state } = builder(MINUTE);
  assert.equal(b.addQuote(state, quote(0, 1.1, 1.2)), undefined);
  assert.equal(b.addQuote(state, quote(10, 1.3, 1.4)), undefined);
  assert.equal(b.addQuote(state, quote(59_999, 1.05, 1.15)), undefined);
  assert.deepEqual(
    b.addQuote(state, quote(60_000, 2, 2.1)),
    bar(0, 1.1, 1.3, 1.05, 1.05, { tickCount: 3, bid: 1.05, ask: 1.15 }),
  );
});

test('a bar is closed by time when no quote arrives, and a minute without quotes makes no bar', () => {
  const { builder: b, state } = builder(MINUTE, 'mid');
  b.addQuote(state, quote(30_000, 1, 3));
  assert.equal(b.closeDue(state, 59_999), undefined);
  assert.equal(b.closeDue(state, 60_000)?.close, 2);
  assert.equal(b.closeDue(state, 999_999), undefined);
  assert.equal(b.addQuote(state, quote(600_000, 5, 7)), undefined);
});

test('shorter bars add up to a longer one', () => {
  const { builder: b, state } = builder(5 * MINUTE);
  b.addBar(state, bar(0, 1, 2, 0.5, 1.5, { volume: 10, tickCount: 1, bid: 1.5, ask: 1.6 }));
  b.addBar(state, bar(4 * MINUTE, 1.5, 1.8, 1.4, 1.7, { volume: 5, tickCount: 2, bid: 1.7, ask: 1.8 }));
  assert.deepEqual(
    b.closeDue(state, 5 * MINUTE),
    bar(0, 1, 2, 0.5, 1.7, { volume: 15, tickCount: 3, bid: 1.7, ask: 1.8 }),
  );
});

test('bars that cannot be are refused with the reason', () => {
  const good = bar(HOUR, 1, 2, 0.5, 1.5);
  assert.equal(barDefect(good, HOURS), undefined);
  assert.equal(barDefect({ ...good, close: NaN }, HOURS), 'not_finite');
  assert.equal(barDefect({ ...good, low: -1 }, HOURS), 'not_positive');
  assert.equal(barDefect({ ...good, high: 0.4 }, HOURS), 'high_below_low');
  assert.equal(barDefect({ ...good, close: 2.5 }, HOURS), 'outside_range');
  assert.equal(barDefect({ ...good, openTime: 1 }, HOURS), 'misaligned_time');
  assert.equal(barDefect({ ...good, volume: -1 }, HOURS), 'negative_volume');
  assert.equal(barDefect({ ...good, bid: 2, ask: 1 }, HOURS), 'crossed_quote');
});

test('no infinite price, quote or size enters the state, and no negative size', () => {
  const good = {
    openTime: 0,
    open: 1,
    high: 2,
    low: 0.5,
    close: 1.5,
    volume: 1,
    tickCount: NaN,
    bid: 1.4,
    ask: 1.5,
  };
  const top = { ts: 1, bid: 1, ask: 1.1, bidSize: 5, askSize: NaN };
  assert.equal(barDefect(good, HOURS), undefined);
  assert.equal(quoteDefect(top), undefined);
  assert.equal(quoteDefect({ ...top, bidSize: 0 }), undefined);
  for (const field of ['open', 'high', 'low', 'close', 'volume', 'tickCount', 'bid', 'ask'] as const)
    assert.equal(barDefect({ ...good, [field]: Infinity }, HOURS), 'not_finite', field);
  for (const field of ['bid', 'ask', 'bidSize', 'askSize'] as const)
    for (const infinite of [Infinity, -Infinity])
      assert.equal(quoteDefect({ ...top, [field]: infinite }), 'not_finite', field);
  for (const field of ['bidSize', 'askSize'] as const)
    assert.equal(quoteDefect({ ...top, [field]: -1 }), 'negative_size', field);
});

test('a price or size that is none of any market is refused by name, at whichever field', () => {
  const good = { openTime: 0, open: 1, high: 1, low: 1, close: 1, volume: 1, tickCount: 1, bid: 1, ask: 1 };
  const top = { ts: 1, bid: 1, ask: 1, bidSize: 1, askSize: 1 };
  for (const price of [5e-324, 1e-13, 1.1e12, 1e100, Number.MAX_VALUE / 8]) {
    const all = { open: price, high: price, low: price, close: price };
    assert.equal(barDefect({ ...good, ...all }, HOURS), 'implausible_price', String(price));
    assert.equal(barDefect({ ...good, bid: price, ask: price }, HOURS), 'implausible_price');
    assert.equal(quoteDefect({ ...top, bid: price, ask: price }), 'implausible_price');
  }
  for (const size of [1.1e18, 1e100, Number.MAX_VALUE]) {
    for (const field of ['volume', 'tickCount'] as const)
      assert.equal(barDefect({ ...good, [field]: size }, HOURS), 'implausible_size', field);
    for (const field of ['bidSize', 'askSize'] as const)
      assert.equal(quoteDefect({ ...top, [field]: size }), 'implausible_size', field);
  }
  const extremes = [1e-12, 1e12].map((price) => ({ open: price, high: price, low: price, close: price }));
  for (const prices of extremes)
    assert.equal(barDefect({ ...good, ...prices, volume: 1e18 }, HOURS), undefined);
});

test('a symbol is ASCII before it is upper case, and its length is looked at first', () => {
  const none = [
    'ß',
    'EURß',
    'ﬁat',
    'EUR\u0000USD',
    'EUR\nUSD',
    '',
    '/',
    'A',
    'A'.repeat(25),
    'x'.repeat(2_000_000),
  ];
  for (const text of none) assert.equal(canonicalSymbol(text), undefined, text.slice(0, 20));
  assert.equal(canonicalSymbol('a'.repeat(24)), 'A'.repeat(24));
});

test('symbols come in their canonical form', () => {
  assert.deepEqual(['EUR/USD', 'eurusd', ' BTC-USD '].map(canonicalSymbol), ['EURUSD', 'EURUSD', 'BTC-USD']);
  assert.equal(canonicalSymbol('a b'), undefined);
});

test('sessions, trading days and the week follow New York and London through their summer times', () => {
  // Published dates: US summer time 2024 from 10 March to 3 November, EU from 31 March to 27 October.
  assert.equal(newYorkOffsetMs(Date.UTC(2024, 2, 10, 6, 59)), -5 * HOUR);
  assert.equal(newYorkOffsetMs(Date.UTC(2024, 2, 10, 7)), -4 * HOUR);
  assert.equal(newYorkOffsetMs(Date.UTC(2024, 10, 3, 6)), -5 * HOUR);
  assert.equal(londonOffsetMs(Date.UTC(2024, 2, 31, 1)), HOUR);
  assert.equal(londonOffsetMs(Date.UTC(2024, 9, 27, 1)), 0);
  assert.equal(tradingDay(Date.UTC(2024, 0, 2, 21, 59)) + 1, tradingDay(Date.UTC(2024, 0, 2, 22)));
  assert.equal(minutesToWeekClose(Date.UTC(2024, 0, 5, 21, 0)), 60);
  const at = { asia: false, london: false, newYork: false, minutesSinceOpen: 0 };
  sessionsAt(Date.UTC(2024, 0, 3, 14, 0), at);
  assert.deepEqual(at, { asia: false, london: true, newYork: true, minutesSinceOpen: 60 });
});

test('labels are known when their horizon is over, by time, and count what came between', () => {
  const layout = new StateLayout();
  const labeler = new Labeler(layout, HOURS);
  const state = new Float64Array(layout.size);
  const known: Label[] = [];
  // Friday 20:00 to 22:00, then Sunday 22:00 on.
  const times = [0, 1, 50, 51, 52, 53].map((h) => Date.UTC(2024, 0, 5, 20) + h * HOUR);
  const prices: [number, number, number][] = [
    [101, 99, 100],
    [103, 100, 102],
    [102, 97, 98],
    [99, 98, 98.5],
    [99, 98, 98.5],
    [101, 98, 100.5],
  ];
  times.forEach((openTime, i) => {
    const [high, low, close] = prices[i]!;
    labeler.update(
      state,
      bar(openTime, close, high, low, close),
      2,
      (label) => void known.push({ ...label }),
    );
  });
  const ofFirst = known.filter(({ closeTime }) => closeTime === times[0]! + HOUR);
  assert.deepEqual(
    ofFirst.map(({ horizon }) => horizon),
    [0, 1, 2],
  );
  // One hour on: close 102, +2 %, beyond the dead zone of 0.2; the take-profit at 102 was touched.
  assert.deepEqual(
    { ...ofFirst[0] },
    {
      closeTime: times[0]! + HOUR,
      horizon: 0,
      direction: 1,
      return: 0.02,
      maxGain: 103 / 100 - 1,
      maxLoss: 0,
      barrier: 1,
      resolvedAt: times[1]! + HOUR,
    },
  );
  // Four hours on the market is closed: the first close after is Sunday's, 98.
  assert.equal(ofFirst[1]!.resolvedAt, times[2]! + HOUR);
  assert.ok(Math.abs(ofFirst[1]!.return + 0.02) < 1e-12);
  // ATR scaled to four hours is 4: 96 and 104 were not touched.
  assert.equal(ofFirst[1]!.barrier, 0);
});
