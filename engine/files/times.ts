import { timeDefect } from '../intake/plausible-time.js';
import { digitsAt, toNumber } from './digits.js';
import type { RefusalReason } from './refusals.js';
import type { Zone } from './zones.js';

const DAY_MS = 86_400_000;
/** Times since 1990 in the commonest form need no further look. */
const EARLIEST_MS = Date.UTC(1990, 0, 1);
const [SPACE, MINUS, SLASH, COLON, LETTER_T] = [32, 45, 47, 58, 84];

/** Units of times that are whole numbers: how many of them make a millisecond. Their ranges since 1990 do not overlap. */
const UNITS = [
  ['seconds', 1e-3],
  ['milliseconds', 1],
  ['microseconds', 1e3],
  ['nanoseconds', 1e6],
] as const;

type TimeUnit = (typeof UNITS)[number][0];
type DateOrder = 'year-month-day' | 'day-month-year' | 'month-day-year';

/** A time, or why a text is none. */
type TimeResult = number | { readonly reason: RefusalReason; readonly detail: string };

/** How the times of a file are read: found from many of them together. */
export interface TimeReading {
  /** In words: "times in milliseconds". */
  readonly title: string;
  /** Whether times are local to the zone, so that it matters. */
  readonly isLocal: boolean;
  /** Epoch milliseconds, with a fraction where the file has one. `after` is the row before's. */
  read(text: string, after: number): TimeResult;
}

const NUMBER = /^\d{9,20}(?:\.\d+)?$/;
const SCIENTIFIC = /^\d(?:[.,](\d+))?[eE]\+?(\d+)$/;
const TAIL =
  /^(?:[T ,]+(\d{1,2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9})|(\d{3}))?)?)?(?:\s*([AaPp][Mm]))?\s*(Z|z|(?:UTC|GMT)(?:[+-]\d{1,2}(?::?\d{2})?)?|[+-]\d{2}(?::?\d{2})?)?$/;
const YEAR_FIRST = /^(\d{4})([-./]?)(\d{1,2})\2(\d{1,2})(?!\d)/;
const YEAR_LAST = /^(\d{1,2})([-./])(\d{1,2})\2(\d{4})(?!\d)/;
const COMPACT = /^(\d{8})(\d{4})?(\d{2})?$/;

/** The unit in which a number is a time between 1990 and a day from now. */
function unitOf(text: string, now: number): (typeof UNITS)[number] | undefined {
  if (!NUMBER.test(text)) return undefined;
  const x = Number(text);
  return UNITS.find(([, perMs]) => timeDefect(Math.floor(x / perMs), now) === undefined);
}

/** "2024010815" without separators as a date and a time, "20240108 1500". */
function spaced(text: string): string {
  const compact = COMPACT.exec(text);
  return compact === null || compact[2] === undefined
    ? text
    : `${compact[1]} ${compact[2]}${compact[3] ?? ''}`;
}

/**
 * How to read the times of a file, from the first ones of it. Times are in one unit, or dates in one order; "01/02/2024"
 * alone does not say which. Returns the sentence's end when there is no way.
 */
export function recogniseTimes(
  sample: readonly string[],
  zone: Zone,
  now: number,
): TimeReading | { readonly fault: string } {
  const units = new Map<TimeUnit, number>();
  const dates = { yearFirst: 0, yearLast: 0, dayFirst: 0, monthFirst: 0, dots: 0, offsets: 0 };
  let lost = 0;
  for (const text of sample) {
    const unit = unitOf(text, now);
    if (unit !== undefined) units.set(unit[0], (units.get(unit[0]) ?? 0) + 1);
    else if (SCIENTIFIC.test(text)) lost++;
    else countDate(text, dates);
  }
  const [unit] = [...units].sort((a, b) => b[1] - a[1]);
  const { yearFirst, yearLast } = dates;
  const most = Math.max(unit?.[1] ?? 0, yearFirst, yearLast, lost);
  if (most === 0)
    return { fault: `its times cannot be read: ${JSON.stringify((sample[0] ?? '').slice(0, 40))} is none` };
  if (most === (unit?.[1] ?? 0)) return numbersIn(unit![0], zone, now);
  if (most === lost) return numbersIn('milliseconds', zone, now);
  const isLocal = dates.offsets * 2 < most;
  if (most === yearFirst) return datesIn('year-month-day', zone, isLocal, now);
  if (dates.dayFirst > 0 && dates.monthFirst > 0)
    return {
      fault: `its dates are in two orders: some begin with the day, others with the month`,
    };
  if (dates.dayFirst === 0 && dates.monthFirst === 0 && dates.dots < most)
    return {
      fault: `its dates do not say whether the day or the month comes first; write them as 2024-01-31`,
    };
  return datesIn(dates.monthFirst > 0 ? 'month-day-year' : 'day-month-year', zone, isLocal, now);
}

function countDate(
  text: string,
  dates: {
    yearFirst: number;
    yearLast: number;
    dayFirst: number;
    monthFirst: number;
    dots: number;
    offsets: number;
  },
): void {
  const form = spaced(text);
  const first = YEAR_FIRST.exec(form);
  const last = first === null ? YEAR_LAST.exec(form) : null;
  const found = first ?? last;
  const tail = found === null ? null : TAIL.exec(form.slice(found[0].length));
  if (found === null || tail === null) return;
  if (tail[7] !== undefined) dates.offsets++;
  if (last === null) {
    dates.yearFirst++;
    return;
  }
  dates.yearLast++;
  if (last[2] === '.') dates.dots++;
  if (Number(last[1]) > 12) dates.dayFirst++;
  if (Number(last[3]) > 12) dates.monthFirst++;
}

function lostDigits(text: string): TimeResult | undefined {
  const scientific = SCIENTIFIC.exec(text);
  if (scientific === null) return undefined;
  return {
    reason: 'lost_digits',
    detail: `${text} was rounded, by a spreadsheet for example; export the file again without opening it there`,
  };
}

function plausible(ts: number, text: string, now: number): TimeResult {
  return timeDefect(Math.floor(ts), now) === undefined
    ? ts
    : {
        reason: 'implausible_time',
        detail: `${text.slice(0, 40)} is not between 1990 and a day from now`,
      };
}

function numbersIn(unit: TimeUnit, zone: Zone, now: number): TimeReading {
  const perMs = UNITS.find(([name]) => name === unit)![1];
  const exact = unit === 'nanoseconds';
  const usual = { seconds: 10, milliseconds: 13, microseconds: 16, nanoseconds: -1 }[unit];
  const refuse = (text: string): TimeResult => {
    const lost = lostDigits(text);
    if (lost !== undefined) return lost;
    const other = unitOf(text, now);
    if (other !== undefined && other[0] !== unit)
      return { reason: 'other_unit', detail: `${text} is in ${other[0]}, the file is in ${unit}` };
    if (NUMBER.test(text)) return plausible(NaN, text, now);
    return { reason: 'bad_time', detail: `${JSON.stringify(text.slice(0, 40))} is no time in ${unit}` };
  };
  return {
    title: `times in ${unit}`,
    isLocal: zone.title !== 'UTC',
    read: (text, after) => {
      // Nanoseconds have more digits than a double: what is below a millisecond is cut from the text.
      const x =
        text.length === usual
          ? digitsAt(text, 0, usual) / perMs
          : toNumber(exact ? text.slice(0, -6) : text) / (exact ? 1 : perMs);
      const whole = Math.floor(x);
      if (timeDefect(whole, now) !== undefined || (text.length !== usual && !NUMBER.test(text)))
        return refuse(text);
      const below = exact ? (text.endsWith('000000') ? 0 : 0.5) : x - whole;
      return zone.toUtc(whole, after) + below;
    },
  };
}

function datesIn(order: DateOrder, zone: Zone, isLocal: boolean, now: number): TimeReading {
  const refuse = (text: string): TimeResult =>
    lostDigits(text) ??
    (unitOf(text, now) === undefined
      ? { reason: 'bad_time', detail: `${JSON.stringify(text.slice(0, 40))} is no time as ${order}` }
      : { reason: 'other_unit', detail: `${text} is a number, the file has dates` });
  return {
    title: order === 'year-month-day' ? 'dates' : `dates as ${order}`,
    isLocal,
    read: (given, after) => {
      const usual = order === 'year-month-day' && isLocal ? usualDate(given) : NaN;
      if (usual === usual) {
        const ts = zone.toUtc(usual, after);
        if (ts >= EARLIEST_MS && ts <= now) return ts;
      }
      const text = spaced(given);
      const date = (order === 'year-month-day' ? YEAR_FIRST : YEAR_LAST).exec(text);
      const tail = date === null ? null : TAIL.exec(text.slice(date[0].length));
      if (date === null || tail === null) return refuse(given);
      const [a, b, c] = [Number(date[1]), Number(date[3]), Number(date[4])];
      const day =
        order === 'year-month-day'
          ? startOfDay(a, b, c)
          : startOfDay(c, order === 'day-month-year' ? b : a, order === 'day-month-year' ? a : b);
      const local = day + timeOfDay(tail);
      const offset = tail[7];
      if (Number.isNaN(local) || (offset === undefined) !== isLocal) return refuse(given);
      if (offset !== undefined) return plausible(local - offsetMs(offset), given, now);
      if (timeDefect(Math.floor(local), now + DAY_MS) !== undefined) return plausible(NaN, given, now);
      const ts = zone.toUtc(local, after);
      return Number.isNaN(ts)
        ? {
            reason: 'skipped_local_time',
            detail: `${given} does not exist in ${zone.title}: the clocks skip it`,
          }
        : plausible(ts, given, now);
    },
  };
}

/** A local time in the commonest form, `2024-01-08 00:00:00` with any signs between the digits of the date; NaN for others. */
function usualDate(text: string): number {
  if (text.length !== 19 || text.charCodeAt(13) !== COLON || text.charCodeAt(16) !== COLON) return NaN;
  const separator = text.charCodeAt(4);
  const between = text.charCodeAt(10);
  if (separator !== text.charCodeAt(7) || separator < MINUS || separator > SLASH) return NaN;
  if (between !== SPACE && between !== LETTER_T) return NaN;
  const [hours, minutes, seconds] = [digitsAt(text, 11, 2), digitsAt(text, 14, 2), digitsAt(text, 17, 2)];
  if (hours > 23 || minutes > 59 || seconds > 59) return NaN;
  const day = startOfDay(digitsAt(text, 0, 4), digitsAt(text, 5, 2), digitsAt(text, 8, 2));
  return day + hours * 3_600_000 + minutes * 60_000 + seconds * 1000;
}

function startOfDay(year: number, month: number, day: number): number {
  const ms = Date.UTC(year, month - 1, day);
  const date = new Date(ms);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? ms : NaN;
}

function timeOfDay(tail: RegExpExecArray): number {
  if (tail[1] === undefined) return 0;
  let hours = Number(tail[1]);
  const [minutes, seconds] = [Number(tail[2]), Number(tail[3] ?? '0')];
  const half = tail[6]?.toLowerCase();
  if (half !== undefined) {
    if (hours < 1 || hours > 12) return NaN;
    hours = (hours % 12) + (half === 'pm' ? 12 : 0);
  }
  if (hours > 23 || minutes > 59 || seconds > 59) return NaN;
  const fraction = tail[4] ?? tail[5];
  const ms = fraction === undefined ? 0 : Number(`0.${fraction}`) * 1000;
  // A fraction of up to three digits is whole milliseconds; the product is not always.
  const sub = fraction !== undefined && fraction.length <= 3 ? Math.round(ms) : ms;
  return hours * 3_600_000 + minutes * 60_000 + seconds * 1000 + sub;
}

function offsetMs(text: string): number {
  const match = /([+-])(\d{1,2}):?(\d{2})?$/.exec(text);
  if (match === null) return 0;
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 3_600_000 + Number(match[3] ?? '0') * 60_000);
}
