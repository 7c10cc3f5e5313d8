import assert from 'node:assert/strict';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { DateTime } from 'luxon';
import type { Bar } from '../../actors/market/bar.js';
import { closedBars } from '../../engine/files/closed-bars.js';
import { MarketFile } from '../../engine/files/market-file.js';
import { runCommand, type CommandResult } from '../support/command.js';
import { temporaryFolder } from '../support/engine.js';
import { caseFile, readFile, refusalOf } from '../support/market-files.js';

/** 8 January 2024, 00:00 UTC. */
const START = Date.UTC(2024, 0, 8);
const HOUR_MS = 3_600_000;

interface Prices {
  readonly openTime: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}
const prices = (bars: readonly Prices[]): number[][] =>
  bars.map(({ openTime, open, high, low, close }) => [openTime, open, high, low, close]);

/** What is seen of a refused case in every command that reads files. */
const REFUSED = [
  ['saved_by_excel', '1h', /lost digits.*first at line 2.*1\.70467E\+12/],
  [
    'two_tickers',
    '1m',
    /several tickers: "ACME", "ZZZ".*--symbol|no row of EURUSD; its tickers are "ACME", "ZZZ"/,
  ],
  ['unit_changes', '1h', /lines 32 to 39.*microseconds.*milliseconds/],
  ['hours', '5m', /bars are 1h apart; give --timeframe 1h/],
  ['minutes', '1h', /bars are 1m apart; give --timeframe 1m/],
] as const;

function commands(t: TestContext, file: string, timeframe: string): string[][] {
  const folder = temporaryFolder(t);
  const series = ['--symbol', 'EURUSD', '--timeframe', timeframe];
  const data = ['--data', path.join(folder, 'data')];
  const out = ['--format', 'csv', '--out', path.join(folder, 'features.csv')];
  return [
    ['replay', file, ...series, ...data, '--json'],
    ['train', file, ...series, ...data, '--json'],
    ['backfill', file, ...series, ...data, '--json'],
    ['features', 'export', file, ...series, ...out, '--json'],
    ['verify', file, '--timeframe', timeframe, '--json'],
  ];
}

function isRefused({ code, stdout, stderr }: CommandResult, sentence: RegExp, command: string): void {
  assert.equal(code, 2, `${command}: ${stderr}`);
  assert.equal(stdout, '', command);
  assert.match(stderr, sentence, command);
  assert.match(stderr, /^(?:[^\n]+\n)?suho: [^\n]+\n$/, `${command} says one sentence`);
}

for (const [name, timeframe, sentence] of REFUSED) {
  test(`${name} is refused in a sentence by every command, and nothing is stored of it`, async (t) => {
    const file = caseFile(`faults/${name}.csv`);
    for (const args of commands(t, file, timeframe))
      isRefused(await runCommand(args), sentence, args.slice(0, 2).join(' '));
  });
}

test('suho bars refuses what cannot become bars of the timeframe', async () => {
  const bars = async (name: string, timeframe: string): Promise<CommandResult> =>
    await runCommand(['bars', caseFile(`faults/${name}.csv`), '--timeframe', timeframe]);
  isRefused(await bars('saved_by_excel', '1h'), /lost digits/, 'bars');
  isRefused(await bars('two_tickers', '1m'), /several tickers: "ACME", "ZZZ" in line 3/, 'bars');
  isRefused(await bars('unit_changes', '1h'), /changes the unit/, 'bars');
  isRefused(await bars('hours', '5m'), /1h apart, which do not make 5m bars/, 'bars');
  const built = await bars('minutes', '1h');
  assert.equal(built.code, 0, built.stderr);
  assert.equal(built.stdout.trim().split('\n').length, 5, 'minutes are built into hours');
});

test('the seven formats of the same hours give the same bars', async () => {
  const server = { timeZone: 'UTC' };
  const files = [
    ['mt5_H1', server],
    ['mt5_H1_utf16', server],
    ['mt4_H1', server],
    ['dukascopy_node_h1', {}],
    ['dukascopy_web_h1', {}],
    ['binance_spot_ms', {}],
    ['binance_futures', {}],
  ] as const;
  const { bars: reference } = await readFile(caseFile('faults/hours.csv'), { timeframe: '1h' });
  assert.equal(reference.length, 60);
  assert.deepEqual(prices(reference.slice(0, 1)), [[START, 1.095, 1.09661, 1.09498, 1.09613]]);
  for (const [name, reading] of files) {
    const { bars, report } = await readFile(caseFile(`formats/${name}.csv`), { timeframe: '1h', ...reading });
    assert.deepEqual(prices(bars), prices(reference), name);
    const half = name === 'dukascopy_web_h1' ? 0.5 : 0;
    assert.deepEqual(
      bars.map(({ volume }) => volume - half),
      reference.map(({ volume }) => volume),
      name,
    );
    assert.equal(report.refused, 0, name);
  }
});

test('each format is told in one line, with whose clock it was read', async () => {
  const told: readonly (readonly [string, RegExp])[] = [
    ['mt5_H1', /^mt5_H1\.csv: MetaTrader 5 export, 1h bars, server time read as New York \+ 7 h/],
    ['mt5_H1_utf16', /MetaTrader 5 export/],
    ['mt4_H1', /MetaTrader 4 export, 1h bars, server time/],
    ['histdata_M1', /HistData bars, 1m bars, dates read as EST \(UTC-5 all year\)/],
    ['histdata_ticks', /HistData ticks, dates read as EST/],
    ['dukascopy_node_h1', /Dukascopy bars, 1h bars, times in milliseconds UTC/],
    ['dukascopy_node_ticks', /Dukascopy ticks/],
    ['dukascopy_web_h1', /Dukascopy bars, 1h bars, dates as day-month-year read as UTC/],
    ['binance_spot_ms', /Binance klines, 1h bars, times in milliseconds UTC/],
    ['binance_futures', /Binance klines/],
    ['yahoo_d1', /Yahoo prices, 1d bars/],
  ];
  for (const [name, line] of told) {
    const { description } = await readFile(caseFile(`formats/${name}.csv`));
    assert.match(description, line);
    assert.doesNotMatch(description, /\n/);
  }
});

test("a broker's server time is New York + 7 h unless another clock is given", async () => {
  const first = async (timeZone?: string): Promise<number> => {
    const { bars } = await readFile(
      caseFile('formats/mt5_H1.csv'),
      timeZone === undefined ? {} : { timeZone },
    );
    return bars[0]!.openTime - START;
  };
  assert.equal(await first(), -2 * HOUR_MS);
  assert.equal(await first('Europe/Helsinki'), -2 * HOUR_MS);
  assert.equal(await first('UTC+3'), -3 * HOUR_MS);
  assert.equal(await first('America/New_York'), 5 * HOUR_MS);
});

test('HistData is five hours behind UTC all year, its ticks have milliseconds', async () => {
  const { bars } = await readFile(caseFile('formats/histdata_M1.csv'), { timeframe: '1m' });
  assert.deepEqual(prices(bars.slice(0, 1)), [[START + 5 * HOUR_MS, 1.095, 1.09505, 1.09495, 1.09502]]);
  assert.equal(bars.length, 60);
  const { quotes } = await readFile(caseFile('formats/histdata_ticks.csv'));
  assert.deepEqual(
    quotes.slice(0, 3).map(({ ts, bid, ask }) => [ts - START - 5 * HOUR_MS, bid, ask]),
    [
      [0, 1.095, 1.09512],
      [700, 1.09501, 1.09513],
      [1_400, 1.09502, 1.09514],
    ],
  );
});

test("Dukascopy's ticks have their ask first and their sizes", async () => {
  const { quotes } = await readFile(caseFile('formats/dukascopy_node_ticks.csv'));
  assert.equal(quotes.length, 400);
  assert.deepEqual(quotes[0], { ts: START, bid: 1.095, ask: 1.09512, bidSize: 0.9, askSize: 0.75 });
});

test("Yahoo's days are taken as traded, its rows of null are counted", async () => {
  const { bars, report } = await readFile(caseFile('formats/yahoo_d1.csv'), { timeframe: '1d' });
  assert.deepEqual(prices(bars.slice(0, 1)), [[START, 184.2, 184.24, 184.17, 184.21]]);
  assert.deepEqual([bars.length, bars[0]!.volume], [29, 118_000]);
  assert.deepEqual(report.refusals, [{ reason: 'no_prices', count: 1, line: 14, detail: '' }]);
});

test('microseconds are the times they are', async () => {
  const { bars, description } = await readFile(caseFile('faults/microseconds.csv'), { timeframe: '1h' });
  const { bars: reference } = await readFile(caseFile('faults/hours.csv'), { timeframe: '1h' });
  assert.deepEqual(bars, reference);
  assert.match(description, /times in microseconds/);
});

test('of two tickers one is chosen by symbol', async () => {
  const file = caseFile('faults/two_tickers.csv');
  const acme = await readFile(file, { timeframe: '1m', symbol: 'ACME' });
  const zzz = await readFile(file, { timeframe: '1m', symbol: 'ZZZ' });
  assert.deepEqual([acme.report.rows, acme.report.refused, zzz.report.refused], [acme.bars.length, 0, 0]);
  assert.ok(acme.bars.every(({ close }) => close < 20) && zzz.bars.every(({ close }) => close > 400));
  assert.equal(acme.bars.length + zzz.bars.length, 74);
  assert.match(await refusalOf(file, { symbol: 'IBM' }), /no row of IBM; its tickers are "ACME", "ZZZ"/);
});

test('a bar that was unfinished when a file was saved is not taken when that can be known', async () => {
  const file = caseFile('faults/h1_with_open_candle.csv');
  const last = Date.UTC(2024, 0, 9, 15);
  const during = await readFile(file, { timeframe: '1h', now: last + HOUR_MS / 2 });
  assert.equal(during.bars.length, 39);
  assert.deepEqual(
    during.report.refusals.map(({ reason, line }) => [reason, line]),
    [['unfinished', 41]],
  );
  const after = await readFile(file, { timeframe: '1h', now: last + HOUR_MS });
  assert.equal(after.bars.length, 40);
});

test('hours over both changes of clocks are days of the calendar: of FX without a stub on Sunday, of crypto from 0:00 UTC', async () => {
  const file = caseFile('faults/h1_mar2024.csv');
  const { bars, report } = await readFile(file, { timeframe: '1h' });
  assert.deepEqual([bars.length, report.refused], [240, 0]);
  for (const [symbol, zone, hour] of [
    ['EURUSD', 'America/New_York', 17],
    ['BTCUSDT', 'UTC', 0],
  ] as const) {
    const input = await MarketFile.open(file, { timeframe: '1d', takesShorter: true, symbol });
    const days: Bar[] = [];
    for await (const chunk of closedBars(input, '1d', 'bid')) days.push(...chunk);
    const keyOf = (ts: number): string => {
      const local = DateTime.fromMillis(ts, { zone });
      return (local.hour >= hour ? local : local.minus({ days: 1 })).toISODate()!;
    };
    const expected = new Map<string, Bar[]>();
    for (const bar of bars) {
      const key = keyOf(bar.openTime);
      expected.set(key, [...(expected.get(key) ?? []), bar]);
    }
    assert.equal(days.length, expected.size, symbol);
    [...expected.values()].forEach((hours, i) => {
      const { openTime, open, high, low, close } = days[i]!;
      const local = DateTime.fromMillis(openTime, { zone });
      assert.deepEqual([local.hour, local.minute], [hour, 0], symbol);
      assert.deepEqual(
        [open, high, low, close],
        [
          hours[0]!.open,
          Math.max(...hours.map((bar) => bar.high)),
          Math.min(...hours.map((bar) => bar.low)),
          hours.at(-1)!.close,
        ],
      );
      if (symbol === 'EURUSD')
        assert.ok(local.weekday !== 5 && local.weekday !== 6, `a day begins ${local.toISO()}`);
    });
  }
});

for (const [name, timeframe, other] of [
  ['new_york_d1', '1d', '4h'],
  ['new_york_h4', '4h', '1d'],
] as const) {
  test(`${name} is taken with its own grid by every command, and refused by name where another is asked for`, async (t) => {
    const file = caseFile(`faults/${name}.csv`);
    const { bars, report, description } = await readFile(file, { timeframe });
    assert.equal(report.refused, 0);
    assert.ok(bars.length > 0);
    assert.match(description, new RegExp(`${timeframe} bars of days from 17:00 New York`));
    const [replay, , backfill, features] = commands(t, file, timeframe);
    for (const args of [replay!, backfill!, features!]) {
      const { code, stderr } = await runCommand(args);
      assert.equal(code, 0, stderr);
      isRefused(
        await runCommand([...args, '--calendar', 'utc']),
        /from 17:00 New York, while they begin 0:00 UTC; give --calendar fx/,
        args[0]!,
      );
    }
    const data = backfill![backfill!.indexOf('--data') + 1]!;
    const stored = await runCommand([
      'sql',
      'features',
      "SELECT timeframe, count() AS n FROM aggregates WHERE feed = 'history' GROUP BY timeframe",
      '--data',
      data,
      '--json',
    ]);
    assert.match(stored.stdout, new RegExp(`"${timeframe}@fx".*${bars.length}`), stored.stderr);
    if (timeframe === '1d') return;
    const built = await runCommand(['bars', file, '--timeframe', other]);
    assert.equal(built.code, 0, built.stderr);
  });
}

test('a later version of a stored bar is a named conflict, and the stored one stands', async (t) => {
  const data = ['--data', path.join(temporaryFolder(t), 'data')];
  const place = ['--symbol', 'EURUSD', '--timeframe', '1h', ...data, '--json'];
  await runCommand(['replay', caseFile('faults/h1_with_open_candle.csv'), ...place]);
  const { code, stdout, stderr } = await runCommand(['replay', caseFile('faults/h1_next_day.csv'), ...place]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /refused 1 row: conflicting versions of a bar.*first at line 41/);
  const report = JSON.parse(stdout) as { bars: number; refusals: { reason: string; line: number }[] };
  assert.equal(report.bars, 60);
  assert.deepEqual(
    report.refusals.map(({ reason, line }) => [reason, line]),
    [['conflict', 41]],
  );
});

test('a tick file that begins with the last quotes of another goes on where it ended', async (t) => {
  const data = ['--data', path.join(temporaryFolder(t), 'data')];
  const place = ['--symbol', 'EURUSD', '--timeframe', '1m', ...data, '--json'];
  const counts: number[][] = [];
  for (const name of ['quotes_first', 'quotes_second_overlaps_by_5']) {
    const { code, stdout, stderr } = await runCommand(['replay', caseFile(`faults/${name}.csv`), ...place]);
    assert.equal(code, 0, stderr);
    const { bars, duplicates, refusals } = JSON.parse(stdout) as {
      readonly bars: number;
      readonly duplicates: number;
      readonly refusals: readonly object[];
    };
    counts.push([bars, duplicates, refusals.length]);
  }
  assert.deepEqual(counts, [
    [10, 0, 0],
    [30, 5, 0],
  ]);
});

test('every command takes an export as it is, says what it is, and counts what it refuses', async (t) => {
  const folder = temporaryFolder(t);
  const yahoo = caseFile('formats/yahoo_d1.csv');
  const series = ['--symbol', 'AAPL', '--timeframe', '1d'];
  const data = ['--data', path.join(folder, 'data')];
  const runs = [
    ['bars', yahoo, '--timeframe', '1d', '--json'],
    ['backfill', yahoo, ...series, ...data, '--json'],
    ['replay', yahoo, ...series, '--data', path.join(folder, 'replay'), '--json'],
    [
      'features',
      'export',
      yahoo,
      ...series,
      '--format',
      'csv',
      '--out',
      path.join(folder, 'out.csv'),
      '--json',
    ],
  ];
  for (const args of runs) {
    const { code, stdout, stderr } = await runCommand(args);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^yahoo_d1\.csv: Yahoo prices, 1d bars/);
    assert.equal(stderr.match(/no prices, first at line 14/g)?.length, 1, 'each reason once');
    assert.match(stdout, /"reason":"no_prices","count":1,"line":14/);
  }
});
