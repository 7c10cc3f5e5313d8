import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bar } from '../../actors/market/bar.js';
import { readFile, refusalOf, textFile } from '../support/market-files.js';
import { inventedBars } from '../support/markets.js';

const BARS = inventedBars(400, { seed: 7 });
const HOUR_MS = 3_600_000;

type Cell = string | number;
const text = (header: string, rows: readonly (readonly Cell[])[]): string =>
  `${header}\n${rows.map((row) => row.join(',')).join('\n')}\n`;
const plainRow = ({ openTime, open, high, low, close, volume }: Bar): Cell[] => [
  openTime,
  open,
  high,
  low,
  close,
  volume,
];
const csvOf = (bars: readonly Bar[]): string => text('ts,open,high,low,close,volume', bars.map(plainRow));
const CSV = csvOf(BARS);

test('what a row cannot be is refused with its line, and each reason is counted', async () => {
  const lines = CSV.split('\n');
  const change = (line: number, columnAt: number, value: string): void => {
    const fields = lines[line - 1]!.split(',');
    fields[columnAt] = value;
    lines[line - 1] = fields.join(',');
  };
  change(10, 5, '1.2K');
  change(11, 5, '1.3K');
  change(20, 2, 'high');
  change(30, 2, '0.0001');
  change(40, 1, '-1');
  change(50, 0, '1.70467E+12');
  change(60, 0, String(BARS[58]!.openTime / 1000));
  change(70, 0, '253402300799000');
  change(80, 0, String(BARS[77]!.openTime + 60_000));
  change(90, 5, '-3');
  lines[99] = lines[98]!;
  change(111, 0, String(BARS[108]!.openTime));
  lines[119] = `${lines[119]!},9,9`;
  lines[129] = String(Date.UTC(2026, 0, 1)) + lines[129]!.slice(13);
  const { report, lines: taken } = await readFile(textFile(lines.join('\n')), { timeframe: '1h' });
  const at = new Map(
    report.refusals.map(({ reason, line, count, detail }) => [reason, { line, count, detail }]),
  );
  assert.deepEqual(at.get('not_a_number'), { line: 10, count: 3, detail: 'volume is "1.2K"' });
  const first = [...at].map(([reason, { line }]) => [reason, line] as const).sort((a, b) => a[1] - b[1]);
  assert.deepEqual(first, [
    ['not_a_number', 10],
    ['high_below_low', 30],
    ['not_positive', 40],
    ['lost_digits', 50],
    ['other_unit', 60],
    ['implausible_time', 70],
    ['spacing', 79],
    ['misaligned_time', 80],
    ['negative_volume', 90],
    ['duplicate', 100],
    ['conflict', 111],
    ['columns', 120],
    ['ahead', 130],
  ]);
  assert.equal(taken.length, 400 - report.refused);
  assert.equal(taken.at(-1), 401, 'one wrong time makes no other row late');
});

test('a file of two symbols without a column for them is refused', async () => {
  const other = BARS.map((bar) => ({ ...bar, open: 5, high: 5, low: 5, close: 5 }));
  const rows = BARS.flatMap((bar, i) => [plainRow(bar), plainRow(other[i]!)]);
  assert.match(
    await refusalOf(textFile(text('ts,open,high,low,close,volume', rows)), { timeframe: '1h' }),
    /several bars of one time throughout, first in lines 2 and 3/,
  );
});

test('bars of another length further down are refused where they begin', async () => {
  const minutes = inventedBars(3_000, { lengthMs: 60_000 });
  const hours = inventedBars(2_200, { lengthMs: HOUR_MS }).map((bar) => ({
    ...bar,
    openTime: bar.openTime + 50 * HOUR_MS,
  }));
  assert.match(
    await refusalOf(textFile(csvOf([...minutes, ...hours])), { timeframe: '1m' }),
    /is not all of 1m bars: before line \d+ its bars are 1h apart/,
  );
  const shorter = minutes.map((bar) => ({ ...bar, openTime: bar.openTime + 2_300 * HOUR_MS }));
  const { bars } = await readFile(textFile(csvOf([...hours, ...shorter])), { timeframe: '1h' });
  assert.ok(bars.every(({ openTime }, i) => i === 0 || openTime - bars[i - 1]!.openTime >= HOUR_MS));
  assert.ok(bars.length <= 2_201, 'a minute that begins an hour is no hour');
});

test('sparse bars and weekends do not contradict the timeframe', async () => {
  const sparse = inventedBars(900, { lengthMs: 300_000 }).filter(
    (_, i) => i % 7 === 0 || i % 11 === 0 || i % 5 === 2,
  );
  const { bars } = await readFile(textFile(csvOf(sparse)), {
    timeframe: '5m',
  });
  assert.equal(bars.length, sparse.length);
});

test('bars of lengths that are no timeframe are not taken as shorter ones, and can be built from', async () => {
  const minutes = (length: number): string =>
    csvOf(
      inventedBars(40, { lengthMs: length * 60_000 }).map((bar) => ({
        ...bar,
        openTime: bar.openTime - 201_600 * 60_000,
      })),
    );
  for (const [length, timeframe, apart] of [
    [10, '5m', '10m'],
    [120, '1h', '2h'],
    [7 * 1440, '1d', '7d'],
    [3, '1m', '3m'],
  ] as const)
    assert.match(
      await refusalOf(textFile(minutes(length)), { timeframe }),
      new RegExp(`is not of ${timeframe} bars: its bars are ${apart} apart`),
    );
  const { bars } = await readFile(textFile(minutes(3)), { timeframe: '15m', takesShorter: true });
  assert.equal(bars.length, 40);
  assert.match(
    await refusalOf(textFile(minutes(7)), { timeframe: '1h', takesShorter: true }),
    /7m apart, which do not make 1h bars/,
  );
});

test('dates of which day and month cannot be told are refused, and so are two orders', async () => {
  const rows = (dates: readonly string[]): string =>
    text(
      'date,open,high,low,close',
      dates.map((date) => [date, 1, 2, 0.5, 1.5]),
    );
  assert.match(
    await refusalOf(textFile(rows(['01/02/2024', '02/02/2024', '03/02/2024']))),
    /whether the day or the month comes first/,
  );
  assert.match(await refusalOf(textFile(rows(['13/02/2024', '02/14/2024', '15/02/2024']))), /two orders/);
});

test('a format that is named is the one it is read as', async () => {
  const minute = (i: number): string => `2024.01.08,00:0${i},1,2,0.5,1.5,3`;
  const file = textFile([0, 1, 2].map(minute).join('\n'));
  const { bars } = await readFile(file, { format: 'histdata' });
  assert.equal(bars[0]!.openTime, Date.UTC(2024, 0, 8, 5));
  assert.match(await refusalOf(textFile(CSV), { format: 'metatrader5' }), /is not of the format metatrader5/);
  assert.match(await refusalOf(textFile(CSV), { timeZone: 'Mars' }), /no time zone "Mars"/);
});

test('a block of quotes that comes again is counted as duplicates, and equal quotes of one time are two', async () => {
  const start = Date.UTC(2024, 0, 8);
  // Every fifth quote is of the time of the one before it, and every tenth is its equal as well.
  const quotes = Array.from({ length: 6_000 }, (_, i) => {
    const before = i % 5 === 4 ? i - 1 : i;
    const price = 1 + ((i % 10 === 9 ? i - 1 : i) % 977) / 10_000;
    return [start + before * 250, price.toFixed(5), (price + 0.0001).toFixed(5)] as const;
  });
  const blocks = [
    [5_995, 6_000, 1],
    [100, 200, 1],
    [1_000, 3_000, 2],
    [7, 10, 3],
  ] as const;
  for (const [from, to, times] of blocks) {
    const rows = [...quotes];
    for (let i = 0; i < times; i++) rows.splice(to, 0, ...quotes.slice(from, to));
    const what = `rows ${from} to ${to}, ${times} times more`;
    const { quotes: read, report } = await readFile(textFile(text('ts,bid,ask', rows)));
    assert.deepEqual(
      read.map(({ ts, bid, ask }) => [ts, bid.toFixed(5), ask.toFixed(5)]),
      quotes,
      what,
    );
    assert.deepEqual(
      report.refusals.map(({ reason, count }) => [reason, count]),
      [['duplicate', (to - from) * times]],
      what,
    );
  }
});

test('a late quote that was not read before is out of order', async () => {
  const rows = [0, 1, 2, 1, 3].map((second, i) => [
    Date.UTC(2024, 0, 8) + second * 1000,
    1 + i / 1000,
    1.1 + i / 1000,
  ]);
  const { report } = await readFile(textFile(text('ts,bid,ask', rows)));
  assert.deepEqual(
    report.refusals.map(({ reason, count, line }) => [reason, count, line]),
    [['out_of_order', 1, 5]],
  );
});
