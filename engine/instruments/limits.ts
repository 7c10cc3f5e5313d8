import { SuhoError } from '../errors.js';
import type { Instrument } from './instrument.js';

/** What a tenant may have of the engine. */
export interface InstrumentLimits {
  /** Instruments of its own. */
  readonly instruments: number;
  /** Timeframes of instruments that it has signals on, once more for each of its users with signals of his own. */
  readonly series: number;
}

/** Throws `QUOTA_EXCEEDED` when a tenant has as many series or, for a new instrument, as many instruments as it may have. */
export function assertQuota(
  instruments: Iterable<Instrument>,
  tenantId: string,
  isNewInstrument: boolean,
  limits: InstrumentLimits,
): void {
  let own = 0;
  let series = 0;
  for (const { definition } of instruments) {
    if (definition.owner === tenantId) own++;
    for (const signal of definition.signals) if (signal.tenantId === tenantId) series++;
    for (const each of definition.userSignals ?? [])
      if (each.tenantId === tenantId && each.route !== undefined) series++;
  }
  if (isNewInstrument && own >= limits.instruments) {
    throw new SuhoError(
      'QUOTA_EXCEEDED',
      `The tenant has ${own} instruments, as many as it may have (quotas.instruments); remove one with suho instruments remove.`,
      { facts: { quota: 'instruments', limit: String(limits.instruments) } },
    );
  }
  if (series >= limits.series) {
    throw new SuhoError(
      'QUOTA_EXCEEDED',
      `The tenant has signals on ${series} series, as many as it may have (quotas.series); remove an instrument with suho instruments remove.`,
      { facts: { quota: 'series', limit: String(limits.series) } },
    );
  }
}
