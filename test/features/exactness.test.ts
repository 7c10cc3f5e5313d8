/**
 * Features of a window are a matter of the numbers in it: compared here with exact arithmetic, whatever the price level,
 * after a bad print has left, and in markets that stand still.
 */
import { BarGrid } from '../../actors/market/bar-grid.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CATALOGUE, FEATURE_COUNT, columnOf } from '../../actors/features/catalogue.js';
import { FeatureEngine } from '../../actors/features/feature-engine.js';
import type { Bar } from '../../actors/market/bar.js';
import { exactly, magnitude, quotient, real, total } from '../support/dyadic.js';
import { inventedBars } from '../support/markets.js';

function rowsOf(bars: readonly Bar[]): readonly Float64Array[] {
  const engine = new FeatureEngine(BarGrid.of('1h'));
  const state = new Float64Array(engine.stateSize);
  return bars.map((bar) => {
    engine.update(state, bar);
    return engine.row.slice(0, FEATURE_COUNT);
  });
}

function scaled(bars: readonly Bar[], prices: number, volumes = 1): readonly Bar[] {
  return bars.map((bar) => ({
    ...bar,
    open: bar.open * prices,
    high: bar.high * prices,
    low: bar.low * prices,
    close: bar.close * prices,
    bid: bar.bid * prices,
    ask: bar.ask * prices,
    volume: bar.volume * volumes,
  }));
}

/** Bars `from` to `from + count` stand still at the close before them. */
function still(bars: readonly Bar[], from: number, count: number): readonly Bar[] {
  const price = bars[from - 1]!.close;
  return bars.map((bar, i) =>
    i >= from && i < from + count ? { ...bar, open: price, high: price, low: price, close: price } : bar,
  );
}

function withPrint(bars: readonly Bar[], at: number, price: number): readonly Bar[] {
  return bars.map((bar, i) =>
    i === at ? { ...bar, open: price, high: price, low: price, close: price } : bar,
  );
}

interface Expectation {
  readonly value: number;
  /** What may be lost: a share of the value and of what it is a difference of. */
  readonly allowed: number;
}

const near = (value: number, of = 0): Expectation => ({
  value,
  allowed: 1e-12 * Math.abs(value) + 1e-13 * Math.abs(of),
});

/** Features of the last bar by their definitions, in exact arithmetic from the bars of their windows. */
function expectations(bars: readonly Bar[]): Readonly<Record<string, Expectation>> {
  const last = bars.at(-1)!;
  const closes = (n: number): readonly bigint[] => bars.slice(-n).map(({ close }) => exactly(close));
  const mean = (n: number): number => real(total(closes(n)), BigInt(n));
  const deviation = (n: number): number => {
    const values = closes(n);
    const count = BigInt(n);
    const sum = total(values);
    const squares = total(values.map((x) => x * x));
    return Math.sqrt(real(count * squares - sum * sum, count * count * exactly(1)));
  };
  const weighted = (n: number): number =>
    real(total(closes(n).map((x, i) => x * BigInt(i + 1))), BigInt((n * (n + 1)) / 2));
  const doubleMean = real(
    total(Array.from({ length: 11 }, (_, k) => total(closes(10 + k).slice(0, 10)))),
    110n,
  );
  const line = total(closes(14).map((y, i) => y * BigInt(2 * i - 13)));
  const slope = real(line * 6n, BigInt(14 * (14 * 14 - 1)));
  const average = total(closes(20));
  const sigma = deviation(20);
  return {
    sma_5: near(mean(5)),
    sma_20: near(mean(20)),
    sma_100: near(mean(100)),
    sma_200: near(mean(200)),
    wma_20: near(weighted(20)),
    trima_20: near(doubleMean),
    stddev_20: near(sigma),
    bb_upper: near(mean(20) + 2 * sigma),
    bb_lower: near(mean(20) - 2 * sigma),
    bb_width: near((4 * sigma) / mean(20), 1),
    avgdev_20: near(real(total(closes(20).map((x) => magnitude(20n * x - average))), 400n), last.close),
    linearreg_slope_14: near(slope, last.close),
    linearreg_14: near(mean(14) + 6.5 * slope, last.close),
    ...flows(bars),
  };
}

function flows(bars: readonly Bar[]): Readonly<Record<string, Expectation>> {
  const typical = (bar: Bar): number => (bar.high + bar.low + bar.close) / 3;
  let rise = 0n;
  let flow = 0n;
  let pressure = [0n, 0n, 0n];
  let range = [0n, 0n, 0n];
  let up = 0n;
  let bodies = 0n;
  for (let ago = 0; ago < 28; ago++) {
    const [bar, before] = [bars.at(-1 - ago)!, bars.at(-2 - ago)!];
    const [now, then] = [typical(bar), typical(before)];
    const tie = Math.abs(now - then) <= 1e-14 * (now + then);
    if (ago < 14) {
      const money = tie ? 0n : exactly(now) * exactly(bar.volume);
      flow += money;
      if (now > then) rise += money;
      const body = exactly(bar.close) - exactly(bar.open);
      bodies += magnitude(body);
      if (body > 0n) up += body;
    }
    const trueLow = exactly(Math.min(bar.low, before.close));
    const trueHigh = exactly(Math.max(bar.high, before.close));
    const inside = [7, 14, 28].map((window) => (ago < window ? 1n : 0n));
    pressure = pressure.map((sum, i) => sum + inside[i]! * (exactly(bar.close) - trueLow));
    range = range.map((sum, i) => sum + inside[i]! * (trueHigh - trueLow));
  }
  const share = (part: bigint, whole: bigint, none: number): number =>
    whole === 0n ? none : 100 * quotient(part, whole);
  const ultimate =
    [4, 2, 1].reduce((sum, weight, i) => sum + weight * share(pressure[i]!, range[i]!, 0), 0) / 7;
  return {
    mfi_14: near(share(rise, flow, 0), 100),
    imi_14: near(share(up, bodies, 50), 100),
    // A running sum as in TA-Lib.
    ultosc_7_14_28: { value: ultimate, allowed: 1e-9 },
  };
}

function assertExact(bars: readonly Bar[], rows: readonly Float64Array[], at: number): void {
  for (const [name, { value, allowed }] of Object.entries(expectations(bars.slice(at - 210, at + 1)))) {
    const x = rows[at]![columnOf(name)]!;
    assert.ok(Math.abs(x - value) <= allowed, `${name} on bar ${at}: ${x}, exactly ${value}`);
  }
}

const PRICE_LEVELS = [1e-7, 1e-3, 1, 1e3, 1e7];
const BARS = inventedBars(900, { seed: 77 });

for (const level of PRICE_LEVELS)
  test(`windows are exact at prices times ${level}, with volumes of a fraction too`, () => {
    const bars = scaled(BARS, level, 1e-6);
    const rows = rowsOf(bars);
    for (let at = 230; at < bars.length; at += 13) assertExact(bars, rows, at);
  });

test('windows are exact in a market that stands still, moves, and stands still again', () => {
  for (const level of PRICE_LEVELS) {
    const bars = still(still(scaled(BARS, level, 1e-3), 260, 120), 430, 9);
    const rows = rowsOf(bars);
    for (let at = 250; at < 470; at++) assertExact(bars, rows, at);
    // The 60 bars at the end of the stretch know nothing else.
    for (let at = 320; at < 380; at++) {
      const value = (name: string): number => rows[at]![columnOf(name)]!;
      for (const name of [
        'stddev_20',
        'bb_width',
        'avgdev_20',
        'cci_14',
        'cci_20',
        'mfi_14',
        'zscore_close_20',
      ])
        assert.equal(value(name), 0, `${name} on bar ${at} at ${level}`);
      assert.equal(value('bb_upper'), value('bb_lower'));
      assert.equal(value('bb_percent_b'), 0.5);
      assert.equal(value('imi_14'), 50);
      assert.equal(value('ultosc_7_14_28'), 0);
      assert.equal(value('volume_price_corr_20'), 0);
    }
  }
});

/** What looks at a number of bars alone, 200 at most, and forgets what was before. */
const FORGETTING =
  /^(sma_|wma|hma|trima|linearreg|tsf|ichimoku|vortex|aroon|cci|willr|roc_|mom_|ultosc|bop|imi|stoch_|stochf|ao_|dpo|kst|coppock|zscore|rvi|true_range|bb_|donchian|accbands|stddev|avgdev|realized|parkinson|garman|rogers|yang|ulcer|choppiness|skew|volume_|cmf|mfi|vwap_20|up_volume|amihud|midprice|position_in|autocorrelation|variance_ratio|vol_regime)/;

for (const print of [1e4, 1e9, 1e15])
  test(`a print of ${print} is forgotten once it has left the window`, () => {
    const clean = rowsOf(BARS);
    const rows = rowsOf(withPrint(BARS, 300, print));
    const names = CATALOGUE.map(({ name }) => name).filter((name) => FORGETTING.test(name));
    for (let at = 300 + 202; at < BARS.length; at += 7)
      for (const name of names) {
        const [x, y] = [rows[at]![columnOf(name)]!, clean[at]![columnOf(name)]!];
        // Where TA-Lib keeps a running sum for ever, 10⁻⁶ of it may be left for 1,024 bars.
        const allowed = name.startsWith('ultosc') ? 1e-3 : 1e-9 * Math.abs(y) + 1e-11;
        assert.ok(Math.abs(x - y) <= allowed, `${name} on bar ${at}: ${x}, without the print ${y}`);
      }
  });

test('a thousand bars after a bad print, the running sums that are TA-Lib’s are exact again', () => {
  const bars = withPrint(inventedBars(2_300, { seed: 78 }), 300, 1e7);
  const rows = rowsOf(bars);
  for (let at = 2_060; at < bars.length; at++) assertExact(bars, rows, at);
});

/** Features in the unit of the price, and those without a unit; volumes, turnovers and clocks aside. */
const PRICES = CATALOGUE.filter(({ unit }) => /^price( a bar)?$/.test(unit)).map(({ name }) => name);
const UNITLESS = CATALOGUE.filter(
  ({ unit, name, group }) =>
    !/price|volume|turnover/.test(unit) && group !== 'candlesticks' && name !== 'linearreg_angle_14',
).map(({ name }) => name);

test('features scale with the price, exactly for a power of two, whatever the market', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: -24, max: 24 }),
      fc.integer({ min: 0, max: 60 }),
      (seed, power, flat) => {
        const bars = still(inventedBars(420, { seed }), 300, flat);
        const level = 2 ** power;
        const rows = rowsOf(bars);
        const other = rowsOf(scaled(bars, level));
        const same = (name: string, by: number): void => {
          const column = columnOf(name);
          for (let at = 0; at < bars.length; at++) {
            const [x, y] = [other[at]![column]!, rows[at]![column]! * by];
            if (!Object.is(x, y) && x !== y)
              assert.fail(`${name} on bar ${at} at 2^${power}: ${x}, scaled ${y}`);
          }
        };
        for (const name of PRICES) same(name, level);
        for (const name of UNITLESS) same(name, 1);
      },
    ),
    { numRuns: 12 },
  );
});
