import type { Instruments } from './instruments.js';

/** Ids of the series that some tenant has signals on. */
export function servedSeries(instruments: Pick<Instruments, 'all'>): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const instrument of instruments.all())
    for (const { timeframe } of instrument.definition.signals) ids.add(instrument.seriesId(timeframe));
  return ids;
}
