import path from 'node:path';
import { BarGrid, dependsOnCalendar } from '../../actors/market/bar-grid.js';
import { UTC_CALENDAR, usualCalendar } from '../../actors/market/calendar.js';
import { timeframeMs } from '../../actors/market/timeframe.js';
import { calendarOfRule, calendarOfTimes, ruleOf, type CalendarRule } from '../calendars.js';
import { SuhoError } from '../errors.js';
import type { FieldRow, FieldRows } from './field-rows.js';
import { lengthText, phaseText, spacingFault, spacingOf, timeframeOf } from './grid.js';
import type { Reading } from './reading.js';
import type { RecognisedLayout } from './recognise.js';
import { timeText } from './rows.js';
import { recogniseTimes, type TimeReading } from './times.js';
import { SERVER_ZONE, parseZone, type Zone } from './zones.js';

const MINUTE_MS = 60_000;
/** Bars that others are built from may be shorter than a minute. */
const SHORTEST_MS = 1000;
/** Share of the first rows that may be another version of a bar; more are two symbols, or two files in one. */
const CONFLICTS_MAX = 0.1;

/** Days and 4-hour bars that may be off their calendar's grid: wrong rows. More are the bars of another calendar. */
const OFF_GRID_MAX = 3;
const OFF_GRID_SHARE = 0.02;

/** What a file's first rows say of all of it. */
export interface Inspection {
  readonly times: TimeReading;
  /** Of the bars; of any time for quotes. */
  readonly grid: BarGrid;
  /** Of longer bars that are built from it. */
  readonly calendar: CalendarRule;
  readonly newestFirst: boolean;
  readonly description: string;
}

interface SampleTime {
  readonly ts: number;
  readonly row: FieldRow;
}

/** Looks at the first rows of a file. Throws `BAD_FILE` when they cannot be what is asked for. */
export function inspect(
  name: string,
  { layout }: FieldRows,
  sample: readonly FieldRow[],
  reading: Reading,
  now: number,
): Inspection {
  const zone = zoneOf(name, layout, reading.timeZone);
  const texts = sample.map(({ fields }) => timeText(fields, layout.columns));
  const times = recogniseTimes(texts, zone, now);
  if (sample.length === 0 || 'fault' in times) {
    if (sample.length > 0 && 'fault' in times) throw new SuhoError('BAD_FILE', `${name}: ${times.fault}.`);
    const none: TimeReading = { title: '', isLocal: false, read: () => NaN };
    const calendar = calendarFor(reading);
    const grid = new BarGrid(MINUTE_MS, UTC_CALENDAR);
    return { times: none, grid, calendar, newestFirst: false, description: layout.title };
  }
  const known: SampleTime[] = [];
  texts.forEach((text, i) => {
    const ts = times.read(text, -Infinity);
    if (typeof ts === 'number') known.push({ ts, row: sample[i]! });
  });
  const falls = known.filter(({ ts }, i) => i > 0 && ts < known[i - 1]!.ts).length;
  const rises = known.filter(({ ts }, i) => i > 0 && ts > known[i - 1]!.ts).length;
  if (layout.kind === 'bars' && layout.columns.ticker === undefined) refuseMixture(name, known);
  const sorted = known.map(({ ts }) => ts).sort((a, b) => a - b);
  const lengthMs = layout.kind === 'bars' ? barLength(name, sorted, reading) : 1;
  const calendar = calendarOfBars(name, sorted, lengthMs, reading);
  const grid = new BarGrid(lengthMs, calendarOfRule(calendar));
  const newestFirst = falls > rises;
  return {
    times,
    grid,
    calendar,
    newestFirst,
    description: describe(name, layout, times, zone, { grid, newestFirst }),
  };
}

function zoneOf(name: string, layout: RecognisedLayout, wanted: string | undefined): Zone {
  const zone = parseZone(
    wanted ?? layout.zone ?? { utc: 'UTC', est: 'EST', server: SERVER_ZONE }[layout.clock],
  );
  if (zone !== undefined) return zone;
  if (wanted === undefined)
    throw new SuhoError(
      'BAD_FILE',
      `${name} says that its times are of the clock ${JSON.stringify(layout.zone)}, which is none that is known; give --time-zone.`,
    );
  throw new SuhoError(
    'BAD_INPUT',
    `There is no time zone ${JSON.stringify(wanted)}; write Europe/Helsinki, EET-US (New York + 7 h), UTC+2 or the like.`,
  );
}

/** Several bars of one time throughout are two symbols, or two files in one. */
function refuseMixture(name: string, known: readonly SampleTime[]): void {
  const seen = new Map<number, FieldRow>();
  const conflicts: (readonly [FieldRow, FieldRow])[] = [];
  for (const { ts, row } of known) {
    const other = seen.get(ts);
    if (other === undefined) seen.set(ts, row);
    else if (other.fields.join() !== row.fields.join()) conflicts.push([other, row]);
  }
  const [first] = conflicts;
  if (first === undefined || conflicts.length < 3 || conflicts.length < known.length * CONFLICTS_MAX) return;
  throw new SuhoError(
    'BAD_FILE',
    `${name} has several bars of one time throughout, first in lines ${first[0].line} and ${first[1].line}; give a file of one symbol, or with a column "ticker" and --symbol.`,
  );
}

/** The length of the file's bars, which has to agree with what is asked for. */
function barLength(name: string, times: readonly number[], reading: Reading): number {
  const wantedMs = reading.timeframe === undefined ? undefined : timeframeMs(reading.timeframe);
  const spacing = spacingOf(times.slice(1).map((ts, i) => ts - times[i]!));
  let lengthMs = wantedMs;
  if (spacing !== undefined && wantedMs !== undefined && reading.takesShorter === true) {
    // Bars of which many are missing are further apart than they are long.
    lengthMs = wantedMs % spacing.unit === 0 ? spacing.unit : spacing.commonest;
    if (wantedMs % lengthMs !== 0 || lengthMs < SHORTEST_MS)
      throw new SuhoError(
        'BAD_FILE',
        `${name} has bars that are ${lengthText(spacing.commonest)} apart, which do not make ${reading.timeframe} bars.`,
      );
  } else if (spacing !== undefined && wantedMs !== undefined) {
    const fault = spacingFault(spacing, wantedMs);
    if (fault !== undefined) {
      const found = timeframeOf(spacing.commonest);
      throw new SuhoError(
        'BAD_FILE',
        `${name} is not of ${reading.timeframe} bars: ${fault}${found === undefined ? '' : `; give --timeframe ${found}`}.`,
      );
    }
  } else if (spacing !== undefined) {
    lengthMs = timeframeOf(spacing.commonest) === undefined ? undefined : spacing.commonest;
    if (lengthMs === undefined)
      throw new SuhoError(
        'BAD_INPUT',
        `The bars in ${name} are ${lengthText(spacing.commonest)} apart, which is none of the timeframes; give --timeframe.`,
      );
  }
  return lengthMs ?? MINUTE_MS;
}

/** The calendar that a file's bars lie on, which has to be the one that is asked for. */
function calendarOfBars(
  name: string,
  times: readonly number[],
  lengthMs: number,
  reading: Reading,
): CalendarRule {
  const wanted = calendarFor(reading);
  const found = calendarOfTimes(times, lengthMs);
  const isOfCalendar = dependsOnCalendar(lengthMs);
  const isSeen = isOfCalendar && reading.calendar === undefined && found !== undefined;
  const calendar = isSeen ? found : calendarOfRule(wanted);
  const grid = new BarGrid(lengthMs, calendar);
  const off = times.filter((ts) => !grid.isOpen(ts)).length;
  const most = isOfCalendar ? Math.max(OFF_GRID_MAX, times.length * OFF_GRID_SHARE) : times.length / 2;
  if (off <= most) return isSeen ? ruleOf(found) : wanted;
  const other = reading.calendar === undefined ? described(times, lengthMs, reading) : undefined;
  if (isOfCalendar && other !== undefined) return other;
  const bars = `${name} has ${lengthText(lengthMs)} bars`;
  const build = 'build them from shorter bars with suho bars';
  if (off * 2 < times.length)
    throw new SuhoError(
      'BAD_FILE',
      `${bars} on the grid of no calendar: ${off} of the first ${times.length} do not begin as the others do, by days from ${calendar.title}; describe their calendar in the configuration (calendars), or ${build}.`,
    );
  const theirs = found === undefined ? phaseText(times, lengthMs) : `from ${found.title}`;
  const whose = wanted.name === UTC_CALENDAR.name ? 'they' : `those of the calendar ${wanted.name}`;
  throw new SuhoError(
    'BAD_FILE',
    `${bars} on another grid, ${theirs}, while ${whose} begin ${grid.calendar.title}; ${found === undefined ? '' : `give --calendar ${found.name}, or `}${build}.`,
  );
}

/** The configured calendar on which all bars lie. */
function described(
  times: readonly number[],
  lengthMs: number,
  { calendars = [] }: Reading,
): CalendarRule | undefined {
  return calendars.find((rule) => {
    const grid = new BarGrid(lengthMs, calendarOfRule(rule));
    return times.every((ts) => grid.isOpen(ts));
  });
}

/** The calendar that is asked for, else the one that is usual for the symbol. */
function calendarFor({ calendar, symbol = '' }: Reading): CalendarRule {
  return calendar ?? ruleOf(usualCalendar(symbol));
}

function describe(
  name: string,
  { title, clock, decimalComma, kind }: RecognisedLayout,
  times: TimeReading,
  zone: Zone,
  { grid, newestFirst }: { readonly grid: BarGrid; readonly newestFirst: boolean },
): string {
  const whose = clock === 'server' ? 'server time' : times.title;
  const read = !times.isLocal
    ? `${times.title}${times.title.startsWith('times') ? ' UTC' : ' with their offset'}`
    : `${whose} read as ${zone.title}${clock === 'server' ? ' (--time-zone to change it)' : ''}`;
  const parts = [
    title,
    ...(kind === 'bars' ? [barsText(grid)] : []),
    read,
    ...(newestFirst ? ['newest first'] : []),
    ...(decimalComma ? ['decimal commas'] : []),
  ];
  return `${path.basename(name)}: ${parts.join(', ')}`;
}

function barsText({ lengthMs, calendar }: BarGrid): string {
  return `${lengthText(lengthMs)} bars${calendar === UTC_CALENDAR ? '' : ` of days from ${calendar.title}`}`;
}
