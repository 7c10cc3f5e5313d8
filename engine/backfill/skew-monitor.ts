import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { CATALOGUE } from '../../actors/features/catalogue.js';
import type { FeatureRow } from '../../actors/messages.js';
import type { Calendars } from '../calendars.js';
import { messageOf } from '../errors.js';
import type { FeatureStore, SeriesIdentity } from '../feature-store/feature-store.js';
import { RowDecoder } from '../feature-store/table.js';
import { backfill } from './backfill.js';

/** How often the store is polled for the row's bar. */
const STORED_POLL_MS = 250;

export interface SkewCounts {
  /** Live rows that were recomputed from stored bars. */
  readonly checked: number;
  /** Of those, rows that differed in any bit. */
  readonly differing: number;
  /** Rows that could not be checked because the store lacks some of the bars before them. */
  readonly skipped: number;
}

/**
 * Periodically recomputes a fresh live row from the raw bars in the store, in a worker thread, and counts it if
 * any bit differs: a check for training/serving skew.
 */
export class SkewMonitor {
  readonly #everyMs: number;
  readonly #checkpoints: string;
  readonly #calendars: Calendars;
  readonly #log: Logger;
  #counts = { checked: 0, differing: 0, skipped: 0 };
  #next: number;
  #running: Promise<void> | undefined;
  #stopped = false;

  /** `everyMs` is the time between two checks; 0 turns them off. */
  constructor(everyMs: number, checkpoints: string, calendars: Calendars, log: Logger) {
    this.#calendars = calendars;
    this.#everyMs = everyMs;
    this.#checkpoints = checkpoints;
    this.#log = log;
    this.#next = everyMs === 0 ? Infinity : performance.now() + everyMs;
  }

  counts(): SkewCounts {
    return { ...this.#counts };
  }

  /** Shows a live row; it is checked if one is due. */
  see(row: FeatureRow, series: SeriesIdentity, store: FeatureStore): void {
    if (performance.now() < this.#next || this.#running !== undefined) return;
    this.#next = Infinity;
    this.#running = this.#check(row, series, store)
      .catch((error: unknown) => {
        this.#counts.skipped++;
        this.#log.warn({ series: row.seriesId, error: messageOf(error) }, 'a live row could not be checked');
      })
      .finally(() => {
        if (!this.#stopped) this.#next = performance.now() + this.#everyMs;
        this.#running = undefined;
      });
  }

  async #check(row: FeatureRow, series: SeriesIdentity, store: FeatureStore): Promise<void> {
    for (;;) {
      const [newest] = await store.bars(series, row.closeTime, 1);
      if (newest?.openTime === row.bar.openTime) break;
      if (this.#stopped) return;
      await sleep(STORED_POLL_MS);
    }
    let again: RowDecoder | undefined;
    const [report] = await backfill(
      {
        insert: async (table, rows) => {
          // The worker reuses the buffer, so the row is copied.
          if (table === 'ml_features') again = new RowDecoder(series, new Uint8Array(rows), 'inserted');
          return await Promise.resolve();
        },
        barsAfter: async (of, after, limit) =>
          (await store.barsAfter(of, after, limit)).filter(({ openTime }) => openTime <= row.bar.openTime),
      },
      [{ series, from: row.bar.openTime, to: row.bar.openTime + 1 }],
      { checkpoints: this.#checkpoints, calendars: this.#calendars },
    );
    if (again === undefined || report?.bars !== row.bars) {
      this.#counts.skipped++;
      return;
    }
    this.#counts.checked++;
    const { values } = row;
    const differs = CATALOGUE.filter((_, column) => !Object.is(values[column], again!.feature(0, column)));
    if (differs.length === 0) return;
    this.#counts.differing++;
    this.#log.error(
      { series: row.seriesId, closeTime: row.closeTime, features: differs.map(({ name }) => name) },
      'a live row is not what its history gives',
    );
  }

  /** Stops checking, and waits for a check in progress. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#next = Infinity;
    await this.#running;
  }
}
