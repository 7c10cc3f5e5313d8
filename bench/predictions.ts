import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HORIZONS } from '../actors/features/labels.js';
import { timeframeMs, type Timeframe } from '../actors/market/timeframe.js';
import { predictionId } from '../actors/signals/prediction-id.js';
import { EmbeddedPostgres } from '../engine/database/embedded-postgres.js';
import { applySchemas } from '../engine/database/schemas.js';
import type { PredictionEvent } from '../engine/journal/records.js';
import { PostgresPredictionStore } from '../engine/prediction-store/postgres-prediction-store.js';
import type { PredictionStore } from '../engine/prediction-store/prediction-store.js';
import { inventedSignal } from '../test/support/prediction-contract.js';
import { MONDAY } from '../test/support/markets.js';
import { report } from './report.js';

/** A market: how many series, whose they are, and how many signals of it are stored. */
interface Universe {
  readonly tenants: number;
  readonly series: number;
  readonly timeframe: Timeframe;
  readonly signals: number;
}
const UNIVERSES: readonly Universe[] = [
  { tenants: 1, series: 20, timeframe: '1h', signals: 20_000 },
  { tenants: 1, series: 600, timeframe: '5m', signals: 45_000 },
  { tenants: 200, series: 600, timeframe: '15m', signals: 20_000 },
];
/** Events the predictions sink reads at once. */
const BATCH = 4_000;
const HORIZON_MS = [3_600_000, 4 * 3_600_000, 24 * 3_600_000];

/** What the sink is given while a market runs: each bar's signals, and the outcomes they make known of earlier ones. */
function* marketEvents({ tenants, series, timeframe, signals }: Universe): Generator<PredictionEvent> {
  const lengthMs = timeframeMs(timeframe);
  const signal = inventedSignal('bench', 0);
  for (let bar = 0; bar * series < signals; bar++) {
    const closeTime = MONDAY + bar * lengthMs;
    for (let i = 0; i < series; i++) {
      const tenantId = `bench${tenants}-${i % tenants}`;
      const symbol = `SYM${i}`;
      const idAt = (time: number): string => predictionId(tenantId, symbol, timeframe, time, 'v1.0.0');
      yield {
        kind: 'signal',
        sequence: bar * series + i,
        signal: {
          ...signal,
          predictionId: idAt(closeTime),
          tenantId,
          symbol,
          timeframe,
          barCloseTime: closeTime,
        },
      };
      for (let horizon = 0; horizon < HORIZONS.length; horizon++) {
        const about = closeTime - HORIZON_MS[horizon]!;
        if (about < MONDAY) continue;
        yield {
          kind: 'outcome',
          tenantId,
          predictionId: idAt(about),
          label: {
            closeTime: about,
            horizon,
            direction: (bar % 3) - 1,
            return: 0.001,
            maxGain: 0,
            maxLoss: 0,
            barrier: 0,
            resolvedAt: closeTime,
          },
        };
      }
    }
  }
}

/** Signals a second, each with its three outcomes, that a store takes in the sink's batches. */
async function rateOf(store: PredictionStore, events: readonly PredictionEvent[]): Promise<number> {
  const start = performance.now();
  for (let from = 0; from < events.length; from += BATCH) await store.write(events.slice(from, from + BATCH));
  const signals = events.filter(({ kind }) => kind === 'signal').length;
  return signals / ((performance.now() - start) / 1000);
}

/** How fast the embedded PostgreSQL takes predictions while outcomes of earlier ones come in between. */
export async function benchPredictions(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'suho-bench-'));
  const server = new EmbeddedPostgres(path.join(folder, 'postgres'));
  const results: (Universe & { readonly signalsPerSecond: number })[] = [];
  try {
    await server.start();
    await applySchemas(server.connection);
    for (const universe of UNIVERSES) {
      const store = new PostgresPredictionStore(server.connection);
      const signalsPerSecond = await rateOf(store, [...marketEvents(universe)]);
      await store.close();
      results.push({ ...universe, signalsPerSecond });
    }
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  report(
    'predictions',
    results.map(
      ({ tenants, series, timeframe, signalsPerSecond }) =>
        `${series} series of ${timeframe} bars, ${tenants} tenants: ${signalsPerSecond.toFixed(0)} signals/s, each with its outcomes`,
    ),
    results,
  );
}
