/**
 * Trading sessions and the FX trading day, by arithmetic on epoch milliseconds. No time-zone database is
 * consulted, so the result depends on nothing but the argument: New York follows the rules in force since 1987
 * (until 2006 first Sunday of April to last of October, then second Sunday of March to first of November), London
 * the EU rule (last Sundays of March and October), Tokyo keeps UTC+9.
 */
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

interface Civil {
  readonly year: number;
  readonly month: number;
}

/** Year and month (1..12) of a day number since the epoch: the proleptic Gregorian calendar, by eras of 400 years. */
function civilOfDay(day: number): Civil {
  const z = day + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month };
}

/** Day number since the epoch of the first of a month. */
function firstOfMonth(year: number, month: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5);
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Remainder of a whole number, never negative; `%` on numbers beyond 2³¹ is a slow call. */
function modulo(x: number, divisor: number): number {
  return x - Math.floor(x / divisor) * divisor;
}

/** Day of week of a day number, 0 = Sunday. */
function weekday(day: number): number {
  return modulo(day + 4, 7);
}

function firstSundayOnOrAfter(day: number): number {
  return day + ((7 - weekday(day)) % 7);
}

interface DstYear {
  year: number;
  newYorkStart: number;
  newYorkEnd: number;
  londonStart: number;
  londonEnd: number;
}

function dstOfYear(year: number): DstYear {
  const isEnergyAct = year >= 2007;
  const newYorkStart = isEnergyAct
    ? firstSundayOnOrAfter(firstOfMonth(year, 3)) + 7
    : firstSundayOnOrAfter(firstOfMonth(year, 4));
  const newYorkEnd = firstSundayOnOrAfter(firstOfMonth(year, 11)) - (isEnergyAct ? 0 : 7);
  return {
    year,
    newYorkStart: newYorkStart * DAY + 7 * HOUR,
    newYorkEnd: newYorkEnd * DAY + 6 * HOUR,
    londonStart: (firstSundayOnOrAfter(firstOfMonth(year, 4)) - 7) * DAY + HOUR,
    londonEnd: (firstSundayOnOrAfter(firstOfMonth(year, 11)) - 7) * DAY + HOUR,
  };
}

/** The last year asked for; a pure function's result kept, since consecutive bars nearly always share it. */
let dstCache: DstYear = dstOfYear(2020);
let dstCacheFrom = firstOfMonth(2020, 1) * DAY;
let dstCacheTo = firstOfMonth(2021, 1) * DAY;

function dstAt(ts: number): DstYear {
  if (ts < dstCacheFrom || ts >= dstCacheTo) {
    const { year } = civilOfDay(Math.floor(ts / DAY));
    dstCache = dstOfYear(year);
    dstCacheFrom = firstOfMonth(year, 1) * DAY;
    dstCacheTo = firstOfMonth(year + 1, 1) * DAY;
  }
  return dstCache;
}

/** Offset of New York from UTC at `ts`, in milliseconds (−4 h in summer, −5 h in winter). */
export function newYorkOffsetMs(ts: number): number {
  const dst = dstAt(ts);
  return ts >= dst.newYorkStart && ts < dst.newYorkEnd ? -4 * HOUR : -5 * HOUR;
}

/** Offset of London from UTC at `ts`, in milliseconds. */
export function londonOffsetMs(ts: number): number {
  const dst = dstAt(ts);
  return ts >= dst.londonStart && ts < dst.londonEnd ? HOUR : 0;
}

/** Number of the FX trading day that holds `ts`: a day ends at 17:00 New York. */
export function tradingDay(ts: number): number {
  return Math.floor((ts + newYorkOffsetMs(ts) + 7 * HOUR) / DAY);
}

/** Minutes from `ts` to the end of the FX week, Friday 17:00 New York; 0..10080, 0 at the close itself. */
export function minutesToWeekClose(ts: number): number {
  const local = ts + newYorkOffsetMs(ts) + 7 * HOUR;
  const sinceWeekStart = modulo(local - 2 * DAY, 7 * DAY);
  if (sinceWeekStart === 0) return 0;
  const left = 7 * DAY - sinceWeekStart;
  // The clocks may change before then.
  return (left + newYorkOffsetMs(ts) - newYorkOffsetMs(ts + left)) / 60_000;
}

/** Which sessions are open at `ts`, and the minutes since the newest of them opened. */
export interface SessionState {
  asia: boolean;
  london: boolean;
  newYork: boolean;
  minutesSinceOpen: number;
}

/**
 * Fills `out` with the sessions open at `ts`: Asia 09:00-18:00 Tokyo, London 08:00-17:00 local, New York
 * 08:00-17:00 local. `minutesSinceOpen` counts from the newest session opening, open or not.
 */
export function sessionsAt(ts: number, out: SessionState): void {
  const tokyo = modulo(ts + 9 * HOUR, DAY);
  const london = modulo(ts + londonOffsetMs(ts), DAY);
  const newYork = modulo(ts + newYorkOffsetMs(ts), DAY);
  out.asia = tokyo >= 9 * HOUR && tokyo < 18 * HOUR;
  out.london = london >= 8 * HOUR && london < 17 * HOUR;
  out.newYork = newYork >= 8 * HOUR && newYork < 17 * HOUR;
  const sinceAsia = tokyo - 9 * HOUR + (tokyo < 9 * HOUR ? DAY : 0);
  const sinceLondon = london - 8 * HOUR + (london < 8 * HOUR ? DAY : 0);
  const sinceNewYork = newYork - 8 * HOUR + (newYork < 8 * HOUR ? DAY : 0);
  out.minutesSinceOpen = Math.min(sinceAsia, sinceLondon, sinceNewYork) / 60_000;
}

/** Minute of the day in UTC, 0..1439. */
export function utcMinute(ts: number): number {
  return Math.floor(modulo(ts, DAY) / 60_000);
}

/** Day of week in UTC, 0 = Sunday. */
export function utcWeekday(ts: number): number {
  return weekday(Math.floor(ts / DAY));
}
