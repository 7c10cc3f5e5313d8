import type { Logger } from 'pino';
import { messageOf } from '../errors.js';
import type { FeatureStore } from '../feature-store/feature-store.js';
import type { Journal } from '../journal/journal.js';
import { instrumentOfSeries, seriesOf } from './ids.js';
import type { Instruments } from './instruments.js';

/** The replacements up to this time are in the states of all instruments. */
const SEEN = 'replacementsSeen';

interface Parts {
  readonly journal: Journal;
  readonly instruments: Instruments;
  readonly features: Pick<FeatureStore, 'replacementsSince'>;
  readonly log: Logger;
}

/**
 * Makes the states of an instrument anew when stored bars of it were replaced (`suho backfill --replace`): they are of a history
 * that is no longer there.
 */
export class ReplacedHistory {
  readonly #parts: Parts;
  /** Replacements after the one in the journal that need nothing more, and those that were told of. */
  readonly #handled = new Set<string>();
  readonly #told = new Set<string>();
  #isStopped = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Looks for replacements since the last look. A store that is away is asked again the next time. */
  async check(): Promise<void> {
    const { journal, features, log } = this.#parts;
    try {
      let seen = (journal.fact(SEEN) as number | undefined) ?? 0;
      let isComplete = true;
      for (const { series, at, isDone } of await features.replacementsSince(seen)) {
        const { userId = '' } = series;
        const key = [seriesOf(series), userId, at].join('|');
        // A user's own series are no instrument's.
        const isHandled =
          this.#handled.has(key) || userId !== '' || (await this.#handle(seriesOf(series), isDone));
        if (isHandled) this.#handled.add(key);
        isComplete &&= isHandled;
        if (isComplete) seen = at;
      }
      if (seen > ((journal.fact(SEEN) as number | undefined) ?? 0)) journal.putFact(SEEN, seen);
    } catch (error) {
      if (!this.#isStopped)
        log.warn({ error: messageOf(error) }, 'cannot look for replaced history; will be tried again');
    }
  }

  /** What a look under way meets from now on is not told. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Rebuilds an instrument whose base series was replaced; false when that has to wait. */
  async #handle(seriesId: string, isDone: boolean): Promise<boolean> {
    const { journal, instruments, log } = this.#parts;
    const id = instrumentOfSeries(seriesId);
    const instrument = instruments.get(id);
    if (instrument?.base !== seriesId) return true;
    if (!isDone || instrument.state !== 'live') {
      const text =
        'stored history is being replaced, or was and not to the end: run the same suho backfill again';
      if (!isDone && !this.#told.has(id)) log.warn({ instrument: id }, text);
      this.#told.add(id);
      return false;
    }
    log.info({ instrument: id }, 'stored history was replaced: rebuilding from stored bars');
    await instruments.foldAll();
    const isRebuilt = await instruments.rebuild(instrument);
    await instruments.settled();
    await journal.durable();
    return isRebuilt;
  }
}
