import { PLATFORM } from '../credentials/tenant-id.js';
import type { Instruments } from './instruments.js';

/** Ids of the series that some tenant has signals on. */
export function servedSeries(instruments: Pick<Instruments, 'all'>): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const instrument of instruments.all())
    for (const { timeframe } of instrument.definition.signals) ids.add(instrument.seriesId(timeframe));
  return ids;
}

/** Tenants that publish or follow instruments, those that are configured, and the platform. */
export function tenantsOf(instruments: Pick<Instruments, 'all'>, configured: readonly string[]): string[] {
  const ids = new Set([PLATFORM, ...configured]);
  for (const { definition } of instruments.all()) {
    ids.add(definition.owner);
    for (const { tenantId } of definition.signals) ids.add(tenantId);
  }
  return [...ids];
}
