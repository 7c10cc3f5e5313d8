import { type Bar, isSameBar } from '../../actors/market/bar.js';
import type { FeatureStore } from '../feature-store/feature-store.js';
import { seriesIdentity } from '../instruments/ids.js';
import type { Instrument } from '../instruments/instrument.js';
import type { Instruments } from '../instruments/instruments.js';
import type { Journal } from '../journal/journal.js';

/** Why a valid row was not applied: it was taken before, its time is over, or another bar of its time was taken. */
export type SkipReason = 'duplicate' | 'late' | 'conflict';

/** Stored bars read to tell repeated ones from late ones. */
const LOOKUP_MAX = 2_000;

/**
 * Tells bars that come again from bars that come too late: equal to what is stored is a duplicate, other than that a
 * conflict. Answers when what it compares with is durable. Bars that the store cannot be asked for now are late.
 */
export async function tellRepeats(
  instrument: Instrument,
  bars: readonly Bar[],
  parts: {
    readonly instruments: Instruments;
    readonly journal: Journal;
    readonly storedBars: FeatureStore['barsAfter'];
  },
): Promise<SkipReason[]> {
  const { instruments, journal } = parts;
  await instruments.applied(instrument, Math.max(...bars.map(({ openTime }) => openTime)));
  await journal.durable();
  const known = new Map<number, Bar>();
  const missing: number[] = [];
  for (const { openTime } of bars) {
    const row = journal.rows.get(instrument.base, instrument.grid.closeOf(openTime));
    if (row === undefined) missing.push(openTime);
    else known.set(openTime, row.bar);
  }
  if (missing.length > 0) {
    const identity = seriesIdentity(instrument.base);
    const stored = await parts
      .storedBars(identity, Math.min(...missing) - 1, LOOKUP_MAX)
      .catch(() => [] as Bar[]);
    for (const bar of stored) known.set(bar.openTime, bar);
  }
  return bars.map((bar) => {
    const before = known.get(bar.openTime);
    if (before === undefined) return 'late';
    return isSameBar(before, bar) ? 'duplicate' : 'conflict';
  });
}
