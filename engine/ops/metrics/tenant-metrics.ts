import type { Families, Samples } from './families.js';
import type { MetricsSource, TenantFigures } from './source.js';

/** Tenants with labels of their own; those beyond are told together. A label costs memory in every store of metrics. */
const TENANTS_MAX = 100;
const REST = '(others)';

/** What each tenant has and got: the busiest by name. */
export function tenantMetrics(add: Families, { tenants, refusals }: MetricsSource): void {
  const named = (): ReadonlySet<string> =>
    new Set(
      [...tenants()]
        .sort((a, b) => volumeOf(b) - volumeOf(a))
        .slice(0, TENANTS_MAX)
        .map(({ tenantId }) => tenantId),
    );
  const summed = (
    values: (figures: TenantFigures) => Iterable<readonly [Readonly<Record<string, string>>, number]>,
  ): Samples => {
    const own = named();
    const sums = new Map<string, [Record<string, string>, number]>();
    for (const figures of tenants()) {
      const tenant = own.has(figures.tenantId) ? figures.tenantId : REST;
      for (const [labels, value] of values(figures)) {
        const all = { tenant, ...labels };
        const key = JSON.stringify(all);
        sums.set(key, [all, (sums.get(key)?.[1] ?? 0) + value]);
      }
    }
    return sums.values();
  };
  add.counter({
    name: 'suho_tenant_outcomes_total',
    help: 'What became of the bars of a tenant since start: LONG, SHORT, FLAT, abstained:REASON, or the reason it was withheld for',
    labels: ['tenant', 'outcome'],
    read: () =>
      summed(({ outcomes }) => Object.entries(outcomes).map(([outcome, n]) => [{ outcome }, n] as const)),
  });
  add.gauge({
    name: 'suho_tenant_streams',
    help: 'Streams a tenant has open',
    labels: ['tenant'],
    read: () => summed(({ streams }) => [[{}, streams]]),
  });
  add.gauge({
    name: 'suho_tenant_instruments',
    help: 'Instruments a tenant publishes',
    labels: ['tenant'],
    read: () => summed(({ instruments }) => [[{}, instruments]]),
  });
  add.counter({
    name: 'suho_tenant_refused_total',
    help: 'Requests of a tenant that a quota refused since start',
    labels: ['tenant', 'quota'],
    read: () => {
      const own = named();
      const sums = new Map<string, [{ tenant: string; quota: string }, number]>();
      for (const [{ tenant, quota }, n] of refusals()) {
        const all = { tenant: own.has(tenant) ? tenant : REST, quota };
        const key = JSON.stringify(all);
        sums.set(key, [all, (sums.get(key)?.[1] ?? 0) + n]);
      }
      return sums.values();
    },
  });
}

function volumeOf({ outcomes, streams }: TenantFigures): number {
  return Object.values(outcomes).reduce((sum, n) => sum + n, streams);
}
