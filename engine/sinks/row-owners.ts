import type { ExtraIndicators } from '../feature-store/extra-indicators.js';
import type { IdentifiedRow } from '../feature-store/feature-store.js';
import type { TenantIndicators } from '../feature-store/tenant-indicators.js';
import { instrumentOfSeries, seriesIdentity } from '../instruments/ids.js';
import type { Instruments } from '../instruments/instruments.js';
import type { StoredRow } from '../journal/records.js';

/** Says whose rows are: the series' owner's, and those of tenants that add indicators of their own. */
export class RowOwners {
  readonly #instruments: Instruments;
  readonly #indicators: TenantIndicators;
  readonly #extras: ReadonlyMap<string, ExtraIndicators>;

  /** `extras` are the further indicators of tenants that have any. */
  constructor(
    instruments: Instruments,
    indicators: TenantIndicators,
    extras: ReadonlyMap<string, ExtraIndicators>,
  ) {
    this.#instruments = instruments;
    this.#indicators = indicators;
    this.#extras = extras;
  }

  async identify(rows: readonly StoredRow[]): Promise<IdentifiedRow[]> {
    const bySeries = new Map<string, IdentifiedRow[]>();
    for (const row of rows) {
      const own = { series: seriesIdentity(row.seriesId), row };
      const known = bySeries.get(row.seriesId);
      if (known === undefined) bySeries.set(row.seriesId, [own]);
      else known.push(own);
    }
    const identified: IdentifiedRow[] = [];
    for (const [seriesId, own] of bySeries) identified.push(...(await this.#ofSeries(seriesId, own)));
    return identified;
  }

  async #ofSeries(seriesId: string, own: readonly IdentifiedRow[]): Promise<IdentifiedRow[]> {
    const source = seriesIdentity(seriesId);
    const followers = this.#instruments.get(instrumentOfSeries(seriesId))?.definition.signals ?? [];
    const tenants = followers.flatMap(({ tenantId, timeframe }) => {
      const extras = timeframe === source.timeframe ? this.#extras.get(tenantId) : undefined;
      return extras === undefined ? [] : [{ tenantId, extras }];
    });
    // The owner's rows carry the owner's indicators; a shared series' rows stay as they are for everyone.
    const identified = tenants.some(({ tenantId }) => tenantId === source.tenantId) ? [] : [...own];
    for (const { tenantId, extras } of tenants)
      identified.push(...(await this.#indicators.rowsOf(tenantId, extras, source, own)));
    return identified;
  }
}
