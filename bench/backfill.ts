import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { backfill, type BackfillRequest } from '../engine/backfill/backfill.js';
import { ClickHouseFeatureStore } from '../engine/feature-store/clickhouse-feature-store.js';
import { EmbeddedClickHouse } from '../engine/feature-store/embedded-clickhouse.js';
import { inventedBars, toCsv } from '../test/support/markets.js';
import { report } from './report.js';

const MINUTES = 45_000;
const HOURS = 57_600;
/** Early enough that the last hour is in the past: bars of the future are refused. */
const FROM = Date.UTC(2018, 0, 1);

/** A minute series and an hourly one: from files that are named, else invented in `folder`. */
function requestsFrom(folder: string): readonly BackfillRequest[] {
  const file = (name: string, given: string | undefined, count: number, lengthMs: number): string => {
    if (given !== undefined) return given;
    const made = path.join(folder, `${name}.csv`);
    writeFileSync(made, toCsv(inventedBars(count, { seed: 3, lengthMs, from: FROM })));
    return made;
  };
  const { SUHO_BENCH_MINUTES: minutes, SUHO_BENCH_HOURS: hours } = process.env;
  const series = { tenantId: 'platform', feed: 'history' };
  return [
    {
      series: { ...series, symbol: 'MINUTES', timeframe: '1m' },
      file: file('minutes', minutes, MINUTES, 60_000),
    },
    {
      series: { ...series, symbol: 'HOURS', timeframe: '1h' },
      file: file('hours', hours, HOURS, 3_600_000),
    },
  ];
}

/**
 * File to stored rows, a minute series and an hourly one of ten years: each alone and both together, and what
 * of it is reading and computing only. SUHO_BENCH_MINUTES and SUHO_BENCH_HOURS name CSV files to use instead.
 */
export async function benchBackfill(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'suho-bench-'));
  try {
    const requests = requestsFrom(folder);
    const store = new ClickHouseFeatureStore(new EmbeddedClickHouse(folder));
    await store.prepare();
    const nowhere = {
      insert: async () => await Promise.resolve(),
      barsAfter: async () => await Promise.resolve([]),
    };
    let run = 0;
    const measure = async (
      which: readonly BackfillRequest[],
      target: Parameters<typeof backfill>[0],
    ): Promise<number> => {
      const start = performance.now();
      const reports = await backfill(target, which, { checkpoints: path.join(folder, `run-${run++}`) });
      return (1000 * reports.reduce((sum, { rows }) => sum + rows, 0)) / (performance.now() - start);
    };
    const result = {
      computed: { minutes: 0, hours: 0, both: 0 },
      stored: { minutes: 0, hours: 0, both: 0 },
    };
    for (const [name, target] of [
      ['computed', nowhere],
      ['stored', store],
    ] as const) {
      result[name].minutes = await measure(requests.slice(0, 1), target);
      result[name].hours = await measure(requests.slice(1), target);
      result[name].both = await measure(requests, target);
    }
    const parts = await store.sql(
      `SELECT table, count() AS parts, sum(bytes_on_disk) / sum(rows) AS bytes
       FROM system.parts WHERE active AND table IN ('ml_features', 'aggregates') GROUP BY table ORDER BY table`,
    );
    await store.close();
    const line = ({ minutes: a, hours: b, both }: { minutes: number; hours: number; both: number }): string =>
      `minutes ${a.toFixed(0)}, hours ${b.toFixed(0)}, both at once ${both.toFixed(0)} rows/s`;
    report(
      'backfill',
      [
        `read and computed only: ${line(result.computed)}`,
        `stored: ${line(result.stored)}`,
        ...parts.map(
          ({ table, bytes, parts: count }) =>
            `${String(table)}: ${Number(bytes).toFixed(0)} bytes a row in ${String(count)} parts`,
        ),
      ],
      { ...result, parts },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
