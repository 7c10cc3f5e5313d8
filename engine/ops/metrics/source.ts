import type { CallCount } from '../../api/call-counts.js';
import type { DoorCounts } from '../../intake/pressure.js';
import type { HealthSnapshot } from '../health.js';
import type { StageLatencies } from '../stage-latencies.js';

/** What one tenant has and got. */
export interface TenantFigures {
  readonly tenantId: string;
  /** What became of its bars: signals by direction, else the reason it was withheld for. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly streams: number;
  readonly instruments: number;
}

/** What the metrics are read from. */
export interface MetricsSource {
  readonly health: () => HealthSnapshot;
  /** Calls of the API since start. */
  readonly calls: () => readonly CallCount[];
  /** Requests that a quota refused since start, by tenant and quota. */
  readonly refusals: () => Iterable<readonly [{ readonly tenant: string; readonly quota: string }, number]>;
  /** How long bars take. */
  readonly latencies: StageLatencies;
  /** How it is at the door. */
  readonly door: () => DoorCounts;
  readonly tenants: () => readonly TenantFigures[];
  /** When the certificate of `grpc.tls` expires, epoch milliseconds; undefined without one. */
  readonly certificateExpiresAt: () => number | undefined;
}
