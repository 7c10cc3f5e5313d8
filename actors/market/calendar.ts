import { newYorkOffsetMs } from './trading-session.js';

const HOUR_MS = 3_600_000;

/** When the days of a market begin: its clocks, and what they show then. */
export interface Calendar {
  /** Its name in identities and settings. */
  readonly name: string;
  /** When its days begin, in words: "17:00 New York". */
  readonly title: string;
  /** What its clocks show at the beginning of a day, in milliseconds after midnight. */
  readonly dayStartMs: number;
  /** How far its clocks are ahead of UTC at `ts`, in milliseconds. */
  readonly offsetMs: (ts: number) => number;
}

/** Days from 0:00 UTC, as of crypto. */
export const UTC_CALENDAR: Calendar = { name: 'utc', title: '0:00 UTC', dayStartMs: 0, offsetMs: () => 0 };

/** Days from 17:00 New York over both changes of its clocks: the convention of foreign exchange. */
export const FX_CALENDAR: Calendar = {
  name: 'fx',
  title: '17:00 New York',
  dayStartMs: 17 * HOUR_MS,
  offsetMs: newYorkOffsetMs,
};

/** Currencies and metals whose pairs are foreign exchange. */
const CURRENCIES = new Set(
  (
    'AUD BRL CAD CHF CLP CNH CNY COP CZK DKK EUR GBP HKD HUF IDR ILS INR JPY KRW MXN MYR NOK NZD PHP PLN RON RUB SAR SEK SGD ' +
    'THB TRY TWD USD ZAR XAG XAU XPD XPT'
  ).split(' '),
);

/** The calendar a symbol has unless it is said otherwise: FX for pairs of currencies and metals, UTC for all else. */
export function usualCalendar(symbol: string): Calendar {
  const isPair = symbol.length === 6 && CURRENCIES.has(symbol.slice(0, 3)) && CURRENCIES.has(symbol.slice(3));
  return isPair ? FX_CALENDAR : UTC_CALENDAR;
}
