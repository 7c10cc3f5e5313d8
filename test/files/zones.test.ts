import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseZone } from '../../engine/files/zones.js';
import { refusalOf, readFile, textFile } from '../support/market-files.js';

const HOUR_MS = 3_600_000;

/** Local time of a moment by the runtime's own calendar, as if it were UTC. */
function localClock(zone: string): (ts: number) => number {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  return (ts) => {
    const part = Object.fromEntries(format.formatToParts(ts).map(({ type, value }) => [type, Number(value)]));
    return Date.UTC(part['year']!, part['month']! - 1, part['day'], part['hour'], part['minute']);
  };
}

test('each half hour of a year comes back from its local time, the repeated ones in their order', () => {
  const clocks: readonly (readonly [name: string, zone: string, hours: number])[] = [
    ['America/New_York', 'America/New_York', 0],
    ['Europe/Helsinki', 'Europe/Helsinki', 0],
    ['Australia/Lord_Howe', 'Australia/Lord_Howe', 0],
    ['EET-EU', 'Europe/Helsinki', 0],
    ['EET-US', 'America/New_York', 7],
  ];
  for (const [name, zone, hours] of clocks) {
    const local = localClock(zone);
    const read = parseZone(name)!;
    let after = -Infinity;
    for (let ts = Date.UTC(2020, 0, 1); ts < Date.UTC(2021, 0, 1); ts += HOUR_MS / 2) {
      const back = read.toUtc(local(ts) + hours * HOUR_MS, after);
      if (back !== ts) assert.equal(new Date(back).toISOString(), new Date(ts).toISOString(), name);
      after = ts;
    }
  }
});

test('New York + 7 h changes with New York, EET with the EU: between the changes they are an hour apart', () => {
  const at = (zone: string, day: number): number =>
    Date.UTC(2024, 2, day, 12) - parseZone(zone)!.toUtc(Date.UTC(2024, 2, day, 12), -Infinity);
  const hours = (zone: string): number[] => [8, 12, 29].map((day) => at(zone, day) / HOUR_MS);
  assert.deepEqual(hours('EET-US'), [2, 3, 3]);
  assert.deepEqual(hours('EET'), [2, 2, 2]);
  assert.deepEqual([at('EET', 31), at('EET', 30)], [3 * HOUR_MS, 2 * HOUR_MS]);
});

test('fixed offsets and names are read, others are not', () => {
  const noon = Date.UTC(2024, 6, 1, 12);
  const hours = ['UTC', 'EST', 'UTC+2', '+05:30', 'GMT-3'].map(
    (zone) => (noon - parseZone(zone)!.toUtc(noon, 0)) / HOUR_MS,
  );
  assert.deepEqual(hours, [0, -5, 2, 5.5, -3]);
  for (const zone of ['', 'Mars', 'UTC+15', '25', 'EETT']) assert.equal(parseZone(zone), undefined, zone);
});

test('a local time that the clocks skip is refused, and a repeated hour is two bars', async () => {
  const row = (time: string): string => `${time},1,2,0.5,1.5`;
  const file = (times: readonly string[]): string =>
    `date,open,high,low,close\n${times.map(row).join('\n')}\n`;
  const spring = [
    '2024-03-31 01:00',
    '2024-03-31 02:00',
    '2024-03-31 03:00',
    '2024-03-31 04:00',
    '2024-03-31 05:00',
  ];
  const reading = { timeframe: '1h', timeZone: 'Europe/Helsinki' } as const;
  const { bars, report } = await readFile(textFile(file(spring)), reading);
  assert.equal(bars.length, 4);
  assert.deepEqual(
    report.refusals.map(({ reason, line }) => [reason, line]),
    [['skipped_local_time', 4]],
  );
  const autumn = ['2024-10-27 02:00', '2024-10-27 03:00', '2024-10-27 03:00', '2024-10-27 04:00'];
  for (const times of [autumn, [...autumn].reverse()]) {
    const doubled = await readFile(textFile(file(times)), reading);
    assert.deepEqual(
      doubled.bars.map(({ openTime }) => new Date(openTime).toISOString().slice(11, 16)),
      ['23:00', '00:00', '01:00', '02:00'],
    );
  }
  assert.match(
    await refusalOf(textFile(file(['31.02.2024', '30.02.2024']))),
    /times cannot be read|no usable row/,
  );
});
