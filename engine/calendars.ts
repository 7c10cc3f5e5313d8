import { IANAZone } from 'luxon';
import { BarGrid } from '../actors/market/bar-grid.js';
import { FX_CALENDAR, UTC_CALENDAR, usualCalendar, type Calendar } from '../actors/market/calendar.js';
import { SuhoError } from './errors.js';

const BUILT_IN: ReadonlyMap<string, Calendar> = new Map(
  [UTC_CALENDAR, FX_CALENDAR].map((calendar) => [calendar.name, calendar]),
);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A calendar as plain data, which can be sent to a worker. The built-in ones are known by their name. */
export interface CalendarRule {
  readonly name: string;
  /** Name of a time zone of the IANA database. */
  readonly timeZone: string;
  /** What its clocks show when a day begins: "17:00". */
  readonly dayStart: string;
}

/** Whether a calendar is there without being described. */
export function isBuiltIn(name: string): boolean {
  return BUILT_IN.has(name);
}

/** A built-in calendar as data. */
export function ruleOf({ name }: Calendar): CalendarRule {
  return { name, timeZone: '', dayStart: '' };
}

/** The calendar that a rule describes. */
export function calendarOfRule({ name, timeZone, dayStart }: CalendarRule): Calendar {
  const builtIn = BUILT_IN.get(name);
  if (builtIn !== undefined) return builtIn;
  const zone = IANAZone.create(timeZone);
  const [hours, minutes] = dayStart.split(':').map(Number) as [number, number];
  return {
    name,
    title: `${dayStart} ${timeZone}`,
    dayStartMs: (hours * 60 + minutes) * MINUTE_MS,
    offsetMs: (ts) => zone.offset(ts) * MINUTE_MS,
  };
}

/** Whether a calendar's days begin on full hours of UTC, so that hours and less never belong to two of them. */
export function beginsOnTheHour(rule: CalendarRule): boolean {
  const { dayStartMs, offsetMs } = calendarOfRule(rule);
  const summerAndWinter = [Date.UTC(2025, 0, 1), Date.UTC(2025, 6, 1)];
  return summerAndWinter.every((ts) => (dayStartMs - offsetMs(ts)) % HOUR_MS === 0);
}

/** What a configuration says of a calendar: its clocks unless it is built in, and the symbols it is for. */
export interface CalendarSettings {
  readonly timeZone?: string | undefined;
  readonly dayStart?: string | undefined;
  /** Symbols, or the beginnings of symbols: "ES*". */
  readonly symbols: readonly string[];
}

/** The calendars there are, and which symbol has which: as configured, else FX for pairs of currencies and UTC for the rest. */
export class Calendars {
  readonly #settings: Readonly<Record<string, CalendarSettings>>;
  readonly #calendars = new Map<string, Calendar>(BUILT_IN);

  constructor(settings: Readonly<Record<string, CalendarSettings>> = {}) {
    this.#settings = settings;
  }

  /** A calendar by its name, UTC's without one. Throws `BAD_CONFIG` for a name that is none. */
  get(name: string = UTC_CALENDAR.name): Calendar {
    let calendar = this.#calendars.get(name);
    if (calendar === undefined) {
      calendar = calendarOfRule(this.rule(name));
      this.#calendars.set(name, calendar);
    }
    return calendar;
  }

  /** A calendar as data; throws as {@link get}. */
  rule(name: string = UTC_CALENDAR.name): CalendarRule {
    const { timeZone = '', dayStart = '' } = this.#settings[name] ?? {};
    if (BUILT_IN.has(name) || timeZone !== '') return { name, timeZone, dayStart };
    throw new SuhoError(
      'BAD_CONFIG',
      `There is no calendar "${name}": it is utc, fx or one that the configuration describes under calendars.`,
    );
  }

  /** The calendars that the configuration describes. */
  get described(): CalendarRule[] {
    return Object.keys(this.#settings)
      .filter((name) => !BUILT_IN.has(name))
      .map((name) => this.rule(name));
  }

  /** The calendar that the configuration gives a symbol: by its whole name, else by the longest beginning. */
  configured(symbol: string): Calendar | undefined {
    let best: { readonly name: string; readonly precedence: number } | undefined;
    for (const [name, { symbols }] of Object.entries(this.#settings)) {
      for (const pattern of symbols) {
        const precedence = matches(pattern, symbol);
        if (precedence > (best?.precedence ?? 0)) best = { name, precedence };
      }
    }
    return best === undefined ? undefined : this.get(best.name);
  }

  /** The calendar of a symbol. */
  of(symbol: string): Calendar {
    return this.configured(symbol) ?? usualCalendar(symbol);
  }
}

/** How well a pattern fits a symbol, 0 when it does not. */
function matches(pattern: string, symbol: string): number {
  if (!pattern.endsWith('*')) return pattern === symbol ? Infinity : 0;
  return symbol.startsWith(pattern.slice(0, -1)) ? pattern.length : 0;
}

/** The built-in calendar, UTC's or FX's, on which most of these open times lie; undefined when it is neither. */
export function calendarOfTimes(times: readonly number[], lengthMs: number): Calendar | undefined {
  return [...BUILT_IN.values()].find((calendar) => {
    const grid = new BarGrid(lengthMs, calendar);
    return times.filter((ts) => grid.isOpen(ts)).length * 2 > times.length;
  });
}
