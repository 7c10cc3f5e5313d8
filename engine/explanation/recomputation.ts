import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Bar } from '../../actors/market/bar.js';
import type { PriceBasis } from '../../actors/market/quote.js';
import type { Calendars } from '../calendars.js';
import type { FeatureStore } from '../feature-store/feature-store.js';
import { seriesIdentity } from '../instruments/ids.js';
import type { Journal } from '../journal/journal.js';
import { packBars } from '../journal/records.js';
import { THREAD_OPTIONS } from '../worker-threads.js';
import type { BarPage, RecomputeTask, RecomputedRow } from './recompute-protocol.js';

/** Bars read from the store at a time. */
const PAGE = 10_000;

export interface RecomputationParts {
  readonly features: Pick<FeatureStore, 'barsAfter'>;
  readonly journal: Pick<Journal, 'rows'>;
  readonly calendars: Calendars;
  readonly basis: PriceBasis;
}

/**
 * Computes a feature row again from all bars of its series, in a thread of its own, by the code that computed it live. A row
 * is stored without its model form and its sequence channels: both follow from the bars, as bit for bit as the row does.
 */
export class Recomputation {
  readonly #parts: RecomputationParts;

  constructor(parts: RecomputationParts) {
    this.#parts = parts;
  }

  /**
   * The row of a series at a bar's close, with `draws` sequences of earlier bars; undefined when the bar is no longer stored.
   * Throws `STORE_UNAVAILABLE`.
   */
  async row(
    seriesId: string,
    closeTime: number,
    { draws, seed }: Pick<RecomputeTask, 'draws' | 'seed'>,
  ): Promise<RecomputedRow | undefined> {
    const { calendars, basis } = this.#parts;
    const { timeframe, calendar } = seriesIdentity(seriesId);
    const pool = new Piscina<RecomputeTask, RecomputedRow | undefined>({
      ...THREAD_OPTIONS,
      filename: new URL('./recompute-worker.js', import.meta.url).href,
      maxThreads: 1,
    });
    const { port1, port2 } = new MessageChannel();
    const pages = this.#bars(seriesId, closeTime);
    const abort = new AbortController();
    let failure: unknown;
    port1.on('message', () => {
      pages.next().then(
        ({ value }) =>
          port1.postMessage(value === undefined ? undefined : (packBars(value) satisfies BarPage)),
        (error: unknown) => {
          failure = error;
          abort.abort();
        },
      );
    });
    try {
      const task = {
        timeframe,
        calendar: calendars.rule(calendar),
        basis,
        closeTime,
        draws,
        seed,
        port: port2,
      };
      return await pool.run(task, { transferList: [port2], signal: abort.signal });
    } catch (error) {
      throw failure ?? error;
    } finally {
      port1.close();
      await pool.destroy();
    }
  }

  /** Bars that closed by a time, oldest first: those of the store, then those that only the journal has yet. */
  async *#bars(seriesId: string, closeTime: number): AsyncGenerator<readonly Bar[], undefined> {
    const { features, journal } = this.#parts;
    let after = -Infinity;
    for (;;) {
      const page = await features.barsAfter(seriesIdentity(seriesId), after, PAGE);
      if (page.length === 0) break;
      after = page.at(-1)!.openTime;
      yield page.filter(({ openTime }) => openTime < closeTime);
      if (after >= closeTime) return undefined;
    }
    yield [...journal.rows.of(seriesId, Math.max(0, after))].flatMap(({ bar }) =>
      bar.openTime > after && bar.openTime < closeTime ? [bar] : [],
    );
    return undefined;
  }
}
