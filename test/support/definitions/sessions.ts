import { minuteOfDay, newYork, partsOf } from './clock.js';
import { HOUR, type Market } from './market.js';
import { combine, type Definitions, type Series } from './series.js';

/** The time of day and week, and which sessions are open. */
export function sessionDefinitions({ closeTime, each }: Market): Definitions {
  const session = (zone: string, opens: number, closes: number): Series =>
    each((i) => {
      const minute = minuteOfDay(zone, closeTime[i]!);
      return minute >= opens * 60 && minute < closes * 60 ? 1 : 0;
    });
  const sinceOpening = (zone: string, opens: number): Series =>
    each((i) => (minuteOfDay(zone, closeTime[i]!) - opens * 60 + 1440) % 1440);
  return {
    hour_sin: each((i) => Math.sin((2 * Math.PI * new Date(closeTime[i]!).getUTCHours()) / 24)),
    hour_cos: each((i) => Math.cos((2 * Math.PI * new Date(closeTime[i]!).getUTCHours()) / 24)),
    weekday_sin: each((i) => Math.sin((2 * Math.PI * new Date(closeTime[i]!).getUTCDay()) / 7)),
    weekday_cos: each((i) => Math.cos((2 * Math.PI * new Date(closeTime[i]!).getUTCDay()) / 7)),
    session_asia: session('Asia/Tokyo', 9, 18),
    session_london: session('Europe/London', 8, 17),
    session_newyork: session('America/New_York', 8, 17),
    minutes_since_session_open: combine(
      Math.min,
      sinceOpening('Asia/Tokyo', 9),
      sinceOpening('Europe/London', 8),
      sinceOpening('America/New_York', 8),
    ),
    minutes_to_week_close: each((i) => {
      // Hour by hour until a Friday 17:00 in New York.
      for (let hours = 0; ; hours++) {
        const { weekday, hour, minute } = partsOf(newYork, closeTime[i]! + hours * HOUR);
        if (weekday === 'Fri' && hour === '17' && minute === '00') return hours * 60;
      }
    }),
  };
}
