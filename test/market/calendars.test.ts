// Days and 4-hour bars of calendars, against luxon's time zones and whole arrays of hours.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DateTime } from 'luxon';
import { FeatureEngine } from '../../actors/features/feature-engine.js';
import { Labeler, type Label } from '../../actors/features/labels.js';
import { StateLayout } from '../../actors/indicators/state.js';
import type { Bar } from '../../actors/market/bar.js';
import { BarGrid, gridName, readGridName } from '../../actors/market/bar-grid.js';
import { FX_CALENDAR, UTC_CALENDAR, usualCalendar, type Calendar } from '../../actors/market/calendar.js';
import { newYorkOffsetMs } from '../../actors/market/trading-session.js';
import { BarAssembler } from '../../actors/series-machine.js';
import { Calendars, calendarOfRule } from '../../engine/calendars.js';
import { loadConfig, type ConfigInput } from '../../engine/config.js';
import { seeded } from '../support/seeded.js';

const HOUR = 3_600_000;
const FROM = Date.UTC(2012, 0, 1);
const TO = Date.UTC(2023, 0, 1);
const NEW_YORK = 'America/New_York';

/** Hours of eleven years, without weekends where they are an FX market's. */
function hours(isFx: boolean): Bar[] {
  const random = seeded(3);
  const bars: Bar[] = [];
  let price = 1;
  for (let openTime = FROM; openTime < TO; openTime += HOUR) {
    const local = DateTime.fromMillis(openTime, { zone: NEW_YORK });
    const isWeekend =
      local.weekday === 6 ||
      (local.weekday === 5 && local.hour >= 17) ||
      (local.weekday === 7 && local.hour < 17);
    if (isFx && isWeekend) continue;
    const open = price;
    const close = open * (1 + (random() - 0.5) * 1e-3);
    price = close;
    bars.push({
      openTime,
      open,
      high: Math.max(open, close) * (1 + random() * 1e-4),
      low: Math.min(open, close) * (1 - random() * 1e-4),
      close,
      volume: Math.floor(random() * 1_000),
      tickCount: Math.floor(random() * 100),
      bid: close,
      ask: close * 1.0001,
    });
  }
  return bars;
}

/** What the clocks of a zone show, as the day and the part of it that `ts` belongs to. */
function slotOf(ts: number, zone: string, dayStart: number, hoursEach: number): string {
  const local = DateTime.fromMillis(ts, { zone });
  const day = local.hour >= dayStart ? local : local.minus({ days: 1 });
  const part = Math.floor(((local.hour - dayStart + 24) % 24) / hoursEach);
  return `${day.toISODate()} ${part}`;
}

/** Bars of the hours of each slot, over the whole array at once. */
function grouped(bars: readonly Bar[], slot: (ts: number) => string): Bar[] {
  const groups = new Map<string, Bar[]>();
  for (const bar of bars) {
    const key = slot(bar.openTime);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [bar]);
    else group.push(bar);
  }
  return [...groups.values()].map((group) => ({
    openTime: NaN,
    open: group[0]!.open,
    high: Math.max(...group.map(({ high }) => high)),
    low: Math.min(...group.map(({ low }) => low)),
    close: group.at(-1)!.close,
    volume: group.reduce((sum, { volume }) => sum + volume, 0),
    tickCount: group.reduce((sum, { tickCount }) => sum + tickCount, 0),
    bid: group.at(-1)!.bid,
    ask: group.at(-1)!.ask,
  }));
}

function built(bars: readonly Bar[], grid: BarGrid, source: BarGrid): Bar[] {
  const assembler = new BarAssembler(grid, source, 'bid');
  const made: Bar[] = [];
  for (const bar of bars)
    assert.equal(
      assembler.addShorterBar(bar, (closed) => made.push(closed)),
      'accepted',
    );
  assembler.finish((closed) => made.push(closed));
  return made;
}

const berlin: Calendar = calendarOfRule({ name: 'berlin', timeZone: 'Europe/Berlin', dayStart: '09:00' });
const CASES: readonly (readonly [Calendar, string, number])[] = [
  [FX_CALENDAR, NEW_YORK, 17],
  [UTC_CALENDAR, 'UTC', 0],
  [berlin, 'Europe/Berlin', 9],
];

for (const isFx of [true, false])
  for (const [calendar, zone, dayStart] of CASES)
    for (const [timeframe, hoursEach] of [
      ['1d', 24],
      ['4h', 4],
    ] as const)
      test(`${timeframe} bars of ${calendar.title}, 2012 to 2022, ${isFx ? 'without weekends' : 'all hours'}, are what luxon and whole arrays make`, () => {
        const all = hours(isFx);
        const grid = BarGrid.of(timeframe, calendar);
        const made = built(all, grid, BarGrid.of('1h'));
        const slot = (ts: number): string => slotOf(ts, zone, dayStart, hoursEach);
        const expected = grouped(all, slot);
        assert.equal(made.length, expected.length);
        made.forEach((bar, i) => {
          assert.deepEqual({ ...bar, openTime: NaN }, expected[i], new Date(bar.openTime).toISOString());
          const closeTime = grid.closeOf(bar.openTime);
          // The first and the last moment of a slot, and none before or after.
          assert.notEqual(slot(bar.openTime - 1), slot(bar.openTime));
          assert.equal(slot(closeTime - 1), slot(bar.openTime));
          assert.notEqual(slot(closeTime), slot(bar.openTime));
          assert.equal(grid.openOf(closeTime), closeTime);
        });
      });

test('a bar with a change of clocks is an hour longer or shorter, and its neighbours meet it', () => {
  const days = BarGrid.of('1d', FX_CALENDAR);
  const parts = BarGrid.of('4h', FX_CALENDAR);
  const length = (grid: BarGrid, ts: number): number =>
    (grid.closeOf(grid.openOf(ts)) - grid.openOf(ts)) / HOUR;
  assert.equal(length(days, Date.UTC(2022, 2, 13, 12)), 23);
  assert.equal(length(days, Date.UTC(2022, 10, 6, 12)), 25);
  // 1:00 to 5:00: the clocks go from 2:00 to 3:00, and in autumn back to 1:00.
  assert.equal(length(parts, Date.UTC(2022, 2, 13, 6, 30)), 3);
  assert.equal(length(parts, Date.UTC(2022, 10, 6, 6, 30)), 5);
});

test('a boundary that clocks skip is the moment they are put forward', () => {
  const grid = BarGrid.of('1d', calendarOfRule({ name: 'odd', timeZone: NEW_YORK, dayStart: '02:30' }));
  assert.equal(grid.openOf(Date.UTC(2022, 2, 13, 12)), Date.UTC(2022, 2, 13, 7));
  assert.equal(grid.closeOf(Date.UTC(2022, 2, 13, 7)), Date.UTC(2022, 2, 14, 6, 30));
  assert.equal(grid.closeOf(Date.UTC(2022, 2, 12, 7, 30)), Date.UTC(2022, 2, 13, 7));
});

test("New York's clocks are luxon's from 1987 on", () => {
  for (let ts = Date.UTC(1987, 0, 1); ts < Date.UTC(2037, 0, 1); ts += 7 * HOUR)
    if (newYorkOffsetMs(ts) !== DateTime.fromMillis(ts, { zone: NEW_YORK }).offset * 60_000)
      assert.fail(new Date(ts).toISOString());
});

test('labels over a change of clocks are known at the same moments as over the whole array', () => {
  const bars = built(hours(false).slice(0, 24 * 400), BarGrid.of('4h', FX_CALENDAR), BarGrid.of('1h'));
  const grid = BarGrid.of('4h', FX_CALENDAR);
  const layout = new StateLayout();
  const engine = new FeatureEngine(grid, layout);
  const labeler = new Labeler(layout, grid);
  const state = new Float64Array(layout.size);
  const known: Label[] = [];
  for (const bar of bars) {
    engine.update(state, bar);
    labeler.update(state, bar, 1e-3, (label) => known.push({ ...label }));
  }
  const closes = bars.map(({ openTime }) => grid.closeOf(openTime));
  for (const { closeTime, horizon, return: change, maxGain, maxLoss, resolvedAt } of known) {
    const row = closes.indexOf(closeTime);
    const end = closes.findIndex((close) => close >= closeTime + [1, 4, 24][horizon]! * HOUR);
    const close = bars[row]!.close;
    const over = bars.slice(row + 1, end + 1);
    assert.equal(resolvedAt, closes[end]);
    assert.equal(change, (bars[end]!.close - close) / close);
    assert.equal(maxGain, Math.max(0, Math.max(...over.map(({ high }) => high)) / close - 1));
    assert.equal(maxLoss, Math.min(0, Math.min(...over.map(({ low }) => low)) / close - 1));
  }
  assert.ok(known.length > 3 * (bars.length - 10));
});

test('a symbol has the calendar it is given, else that of its market', () => {
  const { calendars: settings } = loadConfig(
    undefined,
    {},
    {
      calendars: {
        utc: { symbols: ['EURUSD'] },
        cme: { timeZone: 'America/Chicago', dayStart: '17:00', symbols: ['ES*', 'EURG*'] },
        early: { timeZone: 'Europe/Berlin', dayStart: '08:00', symbols: ['ESX*'] },
      },
    },
  );
  const calendars = new Calendars(settings);
  for (const [symbol, name] of [
    ['EURUSD', 'utc'],
    ['EURGBP', 'cme'],
    ['ESZ5', 'cme'],
    ['ESX', 'early'],
    ['GBPJPY', 'fx'],
    ['XAUUSD', 'fx'],
    ['BTCUSDT', 'utc'],
    ['AAPL', 'utc'],
  ] as const)
    assert.equal(calendars.of(symbol).name, name, symbol);
  assert.equal(usualCalendar('BTCUSD').name, 'utc');
  assert.throws(() => calendars.get('nowhere'), /There is no calendar "nowhere"/);
});

test('calendars that are described by halves, anew or twice are refused in the words of the settings', () => {
  const wrong: readonly (readonly [NonNullable<ConfigInput['calendars']>, RegExp])[] = [
    [{ fx: { timeZone: NEW_YORK, dayStart: '18:00' } }, /calendars\.fx.*built in/],
    [{ cme: { timeZone: 'America/Chicago' } }, /calendars\.cme.*needs timeZone and dayStart/],
    [{ cme: { timeZone: 'America/Chikago', dayStart: '17:00' } }, /a time zone such as/],
    [{ cme: { timeZone: 'America/Chicago', dayStart: '25:00' } }, /a time of day/],
    [{ bse: { timeZone: 'Asia/Kolkata', dayStart: '09:15' } }, /calendars\.bse.*full hour of UTC/],
    [{ 'C/M': { timeZone: 'America/Chicago', dayStart: '17:00' } }, /no name of up to 16/],
    [{ fx: { symbols: ['ES*'] }, utc: { symbols: ['ES*'] } }, /ES\* has the calendar fx already/],
  ];
  for (const [calendars, words] of wrong)
    assert.throws(() => loadConfig(undefined, {}, { calendars }), words);
});

test('a calendar is named in a series only where bars depend on it', () => {
  assert.equal(gridName({ timeframe: '1h', calendar: 'fx' }), '1h');
  assert.equal(gridName({ timeframe: '4h', calendar: 'utc' }), '4h');
  assert.equal(gridName({ timeframe: '1d', calendar: 'fx' }), '1d@fx');
  assert.deepEqual(readGridName('1d@fx'), { timeframe: '1d', calendar: 'fx' });
  assert.deepEqual(readGridName('1d'), { timeframe: '1d' });
});
