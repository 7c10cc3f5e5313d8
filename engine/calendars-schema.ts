import { IANAZone } from 'luxon';
import { z } from 'zod';
import { beginsOnTheHour, isBuiltIn, type CalendarSettings } from './calendars.js';

const CALENDAR_NAME = /^[a-z][a-z0-9-]{0,15}$/;
const calendar = z.strictObject({
  timeZone: z
    .string()
    .refine((name) => IANAZone.isValidZone(name), 'a time zone such as America/New_York')
    .optional(),
  dayStart: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as 17:00')
    .optional(),
  symbols: z
    .array(z.string().regex(/^[A-Z0-9._-]+\*?$/, 'a symbol such as EURUSD, or the beginning of some: ES*'))
    .default([]),
});

/** Refuses calendars that are described by halves or anew, and a symbol that has two. */
function refuseCalendars(
  described: Readonly<Record<string, CalendarSettings>>,
  context: z.RefinementCtx,
): void {
  const homes = new Map<string, string>();
  for (const [name, { timeZone, dayStart, symbols }] of Object.entries(described)) {
    const issue = (message: string): void => context.addIssue({ code: 'custom', path: [name], message });
    if (!CALENDAR_NAME.test(name)) issue('is no name of up to 16 lower-case letters, digits and hyphens');
    if (isBuiltIn(name) && (timeZone ?? dayStart) !== undefined)
      issue('is built in; it takes symbols only, another calendar needs another name');
    if (!isBuiltIn(name) && (timeZone === undefined || dayStart === undefined))
      issue('needs timeZone and dayStart');
    if (timeZone !== undefined && dayStart !== undefined && !beginsOnTheHour({ name, timeZone, dayStart }))
      issue('its days do not begin on a full hour of UTC, as the hours do that they are built from');
    for (const one of symbols) {
      if (homes.has(one)) issue(`${one} has the calendar ${homes.get(one)} already`);
      homes.set(one, name);
    }
  }
}

/** Calendars by name. */
export const calendars = z.record(z.string(), calendar).default({}).superRefine(refuseCalendars);
