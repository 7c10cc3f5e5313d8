/** Civil time from the time-zone database of `Intl`. */
export const newYork = new Intl.DateTimeFormat('en-US', {
  timeZone: 'America/New_York',
  hourCycle: 'h23',
  weekday: 'short',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
});
export const partsOf = (format: Intl.DateTimeFormat, ts: number): Record<string, string> =>
  Object.fromEntries(format.formatToParts(ts).map(({ type, value }) => [type, value]));
/** Minutes since midnight in a time zone. */
export const minuteOfDay = (zone: string, ts: number): number => {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    hour: '2-digit',
    minute: '2-digit',
  });
  const { hour, minute } = partsOf(format, ts);
  return Number(hour) * 60 + Number(minute);
};
