// What a header says of its columns, and what their texts say: names, clocks, separators of thousands, grids.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DateTime } from 'luxon';
import type { Bar } from '../../actors/market/bar.js';
import { MarketFile } from '../../engine/files/market-file.js';
import { inventedBars } from '../support/markets.js';
import { readFile, refusalOf, textFile } from '../support/market-files.js';

const HOUR_MS = 3_600_000;
const BARS = inventedBars(400, { seed: 7 }).map((bar) => ({ ...bar, bid: NaN, ask: NaN }));

type Cell = string | number;
const rowsOf = (bars: readonly Bar[], row: (bar: Bar) => readonly Cell[]): Cell[][] =>
  bars.map((bar) => [...row(bar)]);
const text = (header: string, rows: readonly (readonly Cell[])[]): string =>
  `${header}\n${rows.map((row) => row.join(',')).join('\n')}\n`;
const iso = (ms: number): string => new Date(ms).toISOString();

test('a header whose names are not known is refused with its columns: places would swap open and close', async () => {
  const swapped = rowsOf(BARS, ({ openTime, open, high, low, close, volume }) => [
    iso(openTime).slice(0, 19).replace('T', ' '),
    close,
    high,
    low,
    open,
    volume,
  ]);
  for (const header of [
    'Datum,Close,High,Low,Open,Volume',
    'when,last,max,min,first,contracts',
    'Zeit,C,H,L,O,V',
  ])
    assert.match(
      await refusalOf(textFile(text(header, swapped))),
      new RegExp(`has the columns ${header}; bars need`),
    );
  // Named as they are, they are taken as they are.
  const { bars } = await readFile(textFile(text('Time,Close,High,Low,Open,Volume', swapped)));
  assert.deepEqual(
    bars.map(({ open, close }) => [open, close]),
    BARS.map(({ open, close }) => [open, close]),
  );
});

test('a clock in the name of the time column counts, unless another is given', async () => {
  const local = (hours: number): Cell[][] =>
    rowsOf(BARS, (bar) => [
      iso(bar.openTime + hours * HOUR_MS)
        .slice(0, 19)
        .replace('T', ' '),
      bar.open,
      bar.high,
      bar.low,
      bar.close,
      bar.volume,
    ]);
  const times = BARS.map(({ openTime }) => openTime);
  for (const [name, hours] of [
    ['Time (UTC)', 0],
    ['Date (UTC+2)', 2],
    ['Time [EST]', -5],
    ['Timestamp (Asia/Tokyo)', 9],
  ] as const) {
    const file = text(`${name},Open,High,Low,Close,Volume`, local(hours));
    const { bars } = await readFile(textFile(file));
    assert.deepEqual(
      bars.map(({ openTime }) => openTime),
      times,
      name,
    );
  }
  const unknown = text('Time (Moon),Open,High,Low,Close,Volume', local(2));
  assert.match(
    await refusalOf(textFile(unknown)),
    /clock "Moon", which is none that is known; give --time-zone/,
  );
  const { bars } = await readFile(textFile(unknown), { timeZone: 'UTC+2' });
  assert.equal(bars[0]!.openTime, times[0]);
});

test('volumes may have separators of thousands; what is neither that nor a number is refused', async () => {
  const volumes = ['1,024', '787', '12,345,678', '1,5', '1.024,5'];
  const row = (volume: string, i: number): string => `${BARS[i]!.openTime},1.1,1.2,1.0,1.15,"${volume}"`;
  const dots = await readFile(textFile(`ts,open,high,low,close,volume\n${volumes.map(row).join('\n')}\n`));
  assert.deepEqual(
    dots.bars.map(({ volume }) => volume),
    [1_024, 787, 12_345_678],
  );
  const german = volumes.map(
    (_, i) => `${BARS[i]!.openTime};1,1;1,2;1,0;1,15;${['1.024', '787', '1.5', '1.024.000', '2,5'][i]!}`,
  );
  const commas = await readFile(textFile(`ts;open;high;low;close;volume\n${german.join('\n')}\n`));
  assert.deepEqual(
    commas.bars.map(({ volume }) => volume),
    [1_024, 787, 1_024_000, 2.5],
  );
});

test('days of a clock that changes on other dates than New York are on the grid of no calendar', async () => {
  const zone = 'Europe/Helsinki';
  const rows = Array.from({ length: 300 }, (_, i) => {
    const day = DateTime.fromObject({ year: 2016, month: 1, day: 1 }, { zone }).plus({ days: i });
    return [day.toMillis(), 1.1, 1.2, 1, 1.15];
  });
  assert.match(
    await refusalOf(textFile(text('ts,open,high,low,close', rows))),
    /1d bars on the grid of no calendar: \d+ of the first 300 do not begin as the others do, by days from 17:00 New York/,
  );
  const calendar = { name: 'helsinki', timeZone: zone, dayStart: '00:00' };
  const { bars } = await readFile(textFile(text('ts,open,high,low,close', rows)), { calendar });
  assert.equal(bars.length, 300);
  const among = await MarketFile.open(textFile(text('ts,open,high,low,close', rows)), {
    calendars: [calendar],
  });
  assert.equal(among.calendar.name, 'helsinki');
  await among.close();
});
