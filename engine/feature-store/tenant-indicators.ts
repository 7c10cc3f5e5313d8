import type { Bar } from '../../actors/market/bar.js';
import { gridName } from '../../actors/market/bar-grid.js';
import type { ExtraIndicators } from './extra-indicators.js';
import type { FeatureStore, IdentifiedRow, SeriesIdentity } from './feature-store.js';

/** Rows whose values are kept, since they are stored again when their labels become known: a day of minutes and more. */
const KEPT = 2_000;
const PAGE = 5_000;

interface Running {
  readonly next: (bar: Bar) => Float32Array;
  readonly values: Map<number, Float32Array>;
  last: number;
}

/**
 * A tenant's further indicators over the series it follows. They run where rows are stored, off the way of a
 * signal. Their state is not kept: after a start it is made again from the raw bars in the store, all of
 * them, so a restart changes no value.
 */
export class TenantIndicators {
  readonly #store: FeatureStore;
  readonly #running = new Map<string, Running>();

  constructor(store: FeatureStore) {
    this.#store = store;
  }

  /**
   * The rows of one series as the tenant's own, with its further columns. `source` is where the raw bars of the
   * series are stored.
   */
  async rowsOf(
    tenantId: string,
    extras: ExtraIndicators,
    source: SeriesIdentity,
    rows: readonly IdentifiedRow[],
  ): Promise<IdentifiedRow[]> {
    const key = `${tenantId}|${source.tenantId}|${source.feed}|${source.symbol}|${gridName(source)}`;
    let running = this.#running.get(key);
    if (running === undefined) {
      running = await this.#warm(extras, source);
      this.#running.set(key, running);
    }
    const own: IdentifiedRow[] = [];
    for (const { row } of [...rows].sort((a, b) => a.row.closeTime - b.row.closeTime)) {
      if (row.bar.openTime > running.last) take(running, row.bar);
      const values = running.values.get(row.bar.openTime);
      if (values === undefined) continue;
      own.push({ series: { ...source, tenantId }, row, extras: { indicators: extras, values } });
    }
    return own;
  }

  async #warm(extras: ExtraIndicators, source: SeriesIdentity): Promise<Running> {
    const running: Running = { next: extras.start(), values: new Map(), last: -Infinity };
    for (;;) {
      const bars = await this.#store.barsAfter(source, running.last, PAGE);
      if (bars.length === 0) return running;
      for (const bar of bars) take(running, bar);
    }
  }
}

function take(running: Running, bar: Bar): void {
  running.values.set(bar.openTime, running.next(bar));
  running.last = bar.openTime;
  if (running.values.size <= KEPT) return;
  const [oldest] = running.values.keys();
  running.values.delete(oldest!);
}
