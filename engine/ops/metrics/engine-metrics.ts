import { FEATURE_SET_VERSION } from '../../../actors/features/catalogue.js';
import { VERSION } from '../../version.js';
import type { HealthSnapshot } from '../health.js';
import type { Families } from './families.js';
import type { MetricsSource } from './source.js';

/** Counts of the health, each a counter. */
const COUNTERS = {
  bars: 'Bars taken',
  quotes: 'Quotes taken',
  feature_rows: 'Feature rows computed',
  signals: 'Signals made',
  trades: 'Trade results taken',
  duplicates: 'Rows the engine had already',
  late: 'Rows older than the newest one taken',
  conflicts: 'Rows of a time the engine has with other values',
  rejected: 'Rows that are not valid',
  features_checked: 'Live feature rows computed again from stored bars',
  features_differing: 'Live feature rows that differed when computed again',
} as const satisfies Partial<Record<keyof HealthSnapshot, string>>;

const GAUGES = {
  actors: 'Actors in memory',
  queued: 'Messages queued in actors',
  parked_actors: 'Parked actors and failed instruments',
  subscribers: 'Open signal streams',
  uptime_seconds: 'Time since start',
} as const satisfies Partial<Record<keyof HealthSnapshot, string>>;

/** The engine as a whole: what it is, what it took and made, and how its calls ended. */
export function engineMetrics(add: Families, { health, calls, certificateExpiresAt }: MetricsSource): void {
  add.gauge({
    name: 'suho_build_info',
    help: '1; the labels say what runs',
    labels: ['version', 'node', 'feature_set'],
    read: () => [[{ version: VERSION, node: process.version, feature_set: FEATURE_SET_VERSION }, 1]],
  });
  for (const [field, help] of Object.entries(COUNTERS) as [keyof typeof COUNTERS, string][])
    add.counter({ name: `suho_${field}_total`, help: `${help} since start`, read: () => health()[field] });
  for (const [field, help] of Object.entries(GAUGES) as [keyof typeof GAUGES, string][])
    add.gauge({ name: `suho_${field}`, help, read: () => health()[field] });
  add.gauge({
    name: 'suho_ready',
    help: '1 while the engine takes calls and input',
    read: () => Number(health().state === 'serving'),
  });
  add.gauge({
    name: 'suho_degraded',
    help: '1 while anything is not as it should be: a store, a source, an instrument, an actor, a model',
    read: () => Number(health().degraded),
  });
  add.gauge({
    name: 'suho_simulated',
    help: '1 where the market data is simulated',
    read: () => Number(health().simulated),
  });
  add.gauge({
    name: 'suho_certificate_expiry_timestamp_seconds',
    help: 'When the certificate of gRPC and the console expires, seconds since 1970; absent without TLS',
    labels: [],
    read: () => {
      const ms = certificateExpiresAt();
      return ms === undefined ? [] : [[{}, ms / 1000]];
    },
  });
  add.counter({
    name: 'suho_withheld_total',
    help: 'Bars without a signal since start, by reason',
    labels: ['reason'],
    read: () => Object.entries(health().withheld).map(([reason, n]) => [{ reason }, n]),
  });
  add.gauge({
    name: 'suho_instrument_troubled',
    help: '1 for an instrument that is recovering or failed',
    labels: ['instrument', 'state'],
    read: () => health().instruments.map(({ name, state }) => [{ instrument: name, state }, 1]),
  });
  add.counter({
    name: 'suho_calls_total',
    help: 'Calls of the gRPC API that ended since start, by method, status and reason',
    labels: ['method', 'code', 'reason'],
    read: () => calls().map(({ method, code, reason, count }) => [{ method, code, reason }, count]),
  });
}
