import type { Bar, RejectReason } from '../../actors/market/bar.js';
import { dependsOnCalendar, type BarGrid } from '../../actors/market/bar-grid.js';
import type { Calendar } from '../../actors/market/calendar.js';
import { timeframeMs, type Timeframe } from '../../actors/market/timeframe.js';
import { calendarOfTimes, type Calendars } from '../calendars.js';
import { SuhoError } from '../errors.js';
import { timeDefect } from './plausible-time.js';

/** The calendar of a symbol that is new: as configured, else the one its first bars lie on, else the usual one. */
export function calendarOfNew(
  calendars: Calendars,
  symbol: string,
  base: Timeframe,
  bars: readonly Bar[],
  now: number,
): Calendar {
  const lengthMs = timeframeMs(base);
  const times = timesOf(bars).filter((ts) => timeDefect(ts, now) === undefined);
  const ofBars = dependsOnCalendar(lengthMs) ? calendarOfTimes(times, lengthMs) : undefined;
  return calendars.configured(symbol) ?? ofBars ?? calendars.of(symbol);
}

/** Throws `BAD_INPUT` when bars are refused because they all lie on the grid of another calendar. */
export function refuseOtherGrid(
  symbol: string,
  base: Timeframe,
  { calendar, lengthMs }: BarGrid,
  bars: readonly Bar[],
  defects: readonly (RejectReason | undefined)[],
): void {
  if (!dependsOnCalendar(lengthMs) || defects.some((defect) => defect !== 'misaligned_time')) return;
  const times = timesOf(bars);
  const other = calendarOfTimes(times, lengthMs)?.title ?? 'at another time';
  throw new SuhoError(
    'BAD_INPUT',
    `bars: the ${base} bars of ${symbol} divide days that begin ${calendar.title} (calendar ${calendar.name}), and these begin ${other}; the operator can give the symbol another calendar.`,
  );
}

function timesOf(bars: readonly Bar[]): number[] {
  return bars.map(({ openTime }) => openTime);
}
