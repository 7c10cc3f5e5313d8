// A symbol's calendar in a running engine: fixed by its first bars, part of its series' identity, kept over restarts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bar } from '../../actors/market/bar.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import { FX_CALENDAR, UTC_CALENDAR, type Calendar } from '../../actors/market/calendar.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';

const HOUR = 3_600_000;
/** Two days before New York's clocks change. */
const FROM = Date.UTC(2024, 2, 8);

/** Bars of a calendar, one after the other over weekends too. */
function barsOf(calendar: Calendar, timeframe: Timeframe, count: number): Bar[] {
  const grid = BarGrid.of(timeframe, calendar);
  let next = grid.openOf(FROM);
  return inventedBars(count, { seed: 8 }).map((bar) => {
    const openTime = next;
    next = grid.closeOf(openTime);
    return { ...bar, openTime };
  });
}

const publish = (symbol: string, timeframe: Timeframe, bars: readonly Bar[]) =>
  ({ tenantId: 'default', symbol, timeframe, signalTimeframes: [], bars }) as const;

test('the first bars of a symbol fix its calendar, also over a restart; bars on another grid are refused in a sentence that names both', async (t) => {
  const folder = temporaryFolder(t);
  let engine = await openEngine(t, folder);
  for (const [symbol, calendar] of [
    ['EURUSD', FX_CALENDAR],
    ['GBPUSD', UTC_CALENDAR],
  ] as const) {
    const { accepted } = await engine.intake.publishBars(
      publish(symbol, '1d', barsOf(calendar, '1d', 10).slice(0, 5)),
    );
    assert.equal(accepted, 5);
  }
  await engine.stop();
  engine = await openEngine(t, folder);
  await assert.rejects(
    engine.intake.publishBars(publish('EURUSD', '1d', barsOf(UTC_CALENDAR, '1d', 10))),
    /1d bars of EURUSD divide days that begin 17:00 New York \(calendar fx\), and these begin 0:00 UTC/,
  );
  await assert.rejects(
    engine.intake.publishBars(publish('GBPUSD', '1d', barsOf(FX_CALENDAR, '1d', 10))),
    /1d bars of GBPUSD divide days that begin 0:00 UTC \(calendar utc\), and these begin 17:00 New York/,
  );
  const rest = await engine.intake.publishBars(publish('EURUSD', '1d', barsOf(FX_CALENDAR, '1d', 10)));
  assert.deepEqual([rest.accepted, rest.duplicates], [5, 5]);
  await engine.stored();
  const stored = await engine.features.sql(
    'SELECT symbol, timeframe, count() AS n FROM aggregates GROUP BY 1, 2 ORDER BY 1',
  );
  assert.deepEqual(stored, [
    { symbol: 'EURUSD', timeframe: '1d@fx', n: 10 },
    { symbol: 'GBPUSD', timeframe: '1d', n: 5 },
  ]);
  // The day of the change is an hour shorter.
  const [day] = await engine.features.sql(
    `SELECT bar_close_time - bar_open_time AS seconds FROM ml_features
     WHERE symbol = 'EURUSD' AND bar_open_time = '2024-03-09 22:00:00'`,
  );
  assert.equal(Number(day!['seconds']), 23 * 3600);
});

test("days built from hours are the symbol's: of FX, of UTC, or as configured", async (t) => {
  const calendars = { tokyo: { timeZone: 'Asia/Tokyo', dayStart: '07:00', symbols: ['N225*'] } };
  const engine = await openEngine(t, temporaryFolder(t), { calendars });
  const hours = inventedBars(96, { seed: 9 }).map((bar, i) => ({ ...bar, openTime: FROM + i * HOUR }));
  for (const symbol of ['EURUSD', 'BTCUSDT', 'N225X'])
    await engine.intake.publishBars({ ...publish(symbol, '1h', hours), signalTimeframes: ['1h', '1d'] });
  await engine.settled();
  await engine.stored();
  const days = await engine.features.sql(
    `SELECT symbol, timeframe, toString(bar_open_time) AS opened FROM aggregates
     WHERE timeframe LIKE '1d%' ORDER BY symbol, bar_open_time LIMIT 1 BY symbol`,
  );
  assert.deepEqual(days, [
    { symbol: 'BTCUSDT', timeframe: '1d', opened: '2024-03-08 00:00:00.000' },
    { symbol: 'EURUSD', timeframe: '1d@fx', opened: '2024-03-07 22:00:00.000' },
    { symbol: 'N225X', timeframe: '1d@tokyo', opened: '2024-03-07 22:00:00.000' },
  ]);
});

test('an instrument whose calendar the configuration no longer describes stops the start with a sentence', async (t) => {
  const folder = temporaryFolder(t);
  const calendars = { tokyo: { timeZone: 'Asia/Tokyo', dayStart: '09:00', symbols: ['N225'] } };
  const engine = await openEngine(t, folder, { calendars });
  await engine.intake.publishBars(publish('N225', '1h', inventedBars(3, { seed: 9 })));
  await engine.stop();
  await assert.rejects(openEngine(t, folder), /There is no calendar "tokyo"/);
});
