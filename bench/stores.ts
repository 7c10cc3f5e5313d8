import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build as buildHistogram, type Histogram } from 'hdr-histogram-js';
import { FEATURE_COUNT } from '../actors/features/catalogue.js';
import { EmbeddedPostgres } from '../engine/database/embedded-postgres.js';
import { applySchemas } from '../engine/database/schemas.js';
import { ClickHouseFeatureStore } from '../engine/feature-store/clickhouse-feature-store.js';
import { ClickHouseServer } from '../engine/feature-store/clickhouse-server.js';
import { EmbeddedClickHouse } from '../engine/feature-store/embedded-clickhouse.js';
import { EMBEDDING } from '../engine/inference/slab.js';
import { LABEL_NUMBERS } from '../engine/journal/records.js';
import { Random } from '../engine/learning/random.js';
import type { Pattern, PatternIndex } from '../engine/patterns/pattern-index.js';
import { UsearchPatternIndex } from '../engine/patterns/usearch-pattern-index.js';
import { WeaviatePatternIndex } from '../engine/patterns/weaviate-pattern-index.js';
import { PostgresPredictionStore } from '../engine/prediction-store/postgres-prediction-store.js';
import { inventedSignal } from '../test/support/prediction-contract.js';
import { inventedBars } from '../test/support/markets.js';
import { adminUrl, engineUrl, makeEngineLogin } from '../test/support/servers.js';
import { median, report } from './report.js';
import { withServer } from './with-server.js';

const HOUR = 3_600_000;
const PREDICTIONS = 20_000;
const PREDICTION_BATCH = 2_000;
const ROWS = 40_000;
const ROW_BATCH = 10_000;

/** Predictions a second with their outcomes, as the sink writes them: a batch of one tenant at a time. */
async function predictionRate(connection: { readonly connectionString: string } | object): Promise<number> {
  const store = new PostgresPredictionStore(connection);
  try {
    const rates: number[] = [];
    for (let from = 0; from < PREDICTIONS; from += PREDICTION_BATCH) {
      const signals = Array.from({ length: PREDICTION_BATCH }, (_, i) => inventedSignal('bench', from + i));
      const start = performance.now();
      await store.write(signals.map((signal, sequence) => ({ kind: 'signal', sequence, signal })));
      await store.write(
        signals.map((signal) => ({
          kind: 'outcome',
          tenantId: 'bench',
          predictionId: signal.predictionId,
          label: {
            closeTime: signal.barCloseTime,
            horizon: 0,
            direction: 1,
            return: 0.001,
            maxGain: 0,
            maxLoss: 0,
            barrier: 0,
            resolvedAt: signal.barCloseTime + HOUR,
          },
        })),
      );
      rates.push((PREDICTION_BATCH * 1000) / (performance.now() - start));
    }
    return median(rates);
  } finally {
    await store.close();
  }
}

async function rowRate(store: ClickHouseFeatureStore): Promise<number> {
  await store.prepare();
  const random = new Random(1);
  const values = Float32Array.from({ length: FEATURE_COUNT }, () => random.normal());
  const series = { tenantId: 'bench', feed: 'bench', symbol: 'EURUSD', timeframe: '1h' } as const;
  const rows = inventedBars(ROWS).map((bar) => ({
    series,
    row: {
      seriesId: 'bench/EURUSD/1h',
      closeTime: bar.openTime + HOUR,
      bar,
      qualityScore: 1,
      qualityFlags: 0,
      values: values.map((x) => x * bar.close),
      labels: new Float64Array(LABEL_NUMBERS).fill(NaN),
    },
  }));
  const rates: number[] = [];
  for (let from = 0; from < ROWS; from += ROW_BATCH) {
    const start = performance.now();
    await store.write(rows.slice(from, from + ROW_BATCH));
    rates.push((ROW_BATCH * 1000) / (performance.now() - start));
  }
  await store.close();
  return median(rates);
}

/** Writes into every store there is: predictions with outcomes, feature rows. */
export async function benchStores(): Promise<void> {
  const lines: string[] = [];
  const result: Record<string, number> = {};
  const note = (name: string, rate: number, unit: string): void => {
    result[name] = rate;
    lines.push(`${name}: ${rate.toFixed(0)} ${unit}`);
  };
  const folder = mkdtempSync(path.join(tmpdir(), 'suho-bench-'));
  const postgres = new EmbeddedPostgres(path.join(folder, 'postgres'));
  try {
    await postgres.start();
    await applySchemas(postgres.connection);
    note(
      'predictions with outcome, embedded PostgreSQL',
      await predictionRate(postgres.connection),
      'a second',
    );
    for (const name of ['postgresql', 'timescaledb'] as const) {
      await withServer(name, lines, async (port) => {
        await applySchemas({ connectionString: adminUrl(port) });
        await makeEngineLogin(port);
        const rate = await predictionRate({ connectionString: engineUrl(port) });
        note(`predictions with outcome, ${name}`, rate, 'a second');
      });
    }
    const embedded = new ClickHouseFeatureStore(new EmbeddedClickHouse(folder));
    note('feature rows, embedded ClickHouse', await rowRate(embedded), 'a second');
    await withServer('clickhouse', lines, async (port) => {
      const server = new ClickHouseServer({
        url: `http://127.0.0.1:${port}`,
        username: 'suho',
        password: 'clickhouse-secret',
        database: 'default',
      });
      note(
        'feature rows, HTTP to a front over chdb',
        await rowRate(new ClickHouseFeatureStore(server)),
        'a second',
      );
    });
  } finally {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  report('stores', lines, result);
}

const VECTORS = 100_000;
const QUERIES = 300;
const NEAREST = 10;
/** Dimensions an embedding really varies in: bars in a row are alike, and features depend on each other. */
const LATENT = 12;

function inventedVectors(count: number, random: Random): Float32Array[] {
  const mixing = Float32Array.from({ length: LATENT * EMBEDDING }, () => random.normal());
  const state = new Float32Array(LATENT);
  return Array.from({ length: count }, () => {
    for (let i = 0; i < LATENT; i++) state[i] = 0.9 * state[i]! + 0.44 * random.normal();
    return Float32Array.from({ length: EMBEDDING }, (_, j) => {
      let sum = 0;
      for (let i = 0; i < LATENT; i++) sum += state[i]! * mixing[i * EMBEDDING + j]!;
      return Math.tanh(sum) + 0.05 * random.normal();
    });
  });
}

function normalised(vectors: readonly Float32Array[]): Float32Array[] {
  return vectors.map((vector) => {
    const length = Math.hypot(...vector);
    return vector.map((x) => x / length);
  });
}

/** Close times of the nearest by an exhaustive search. */
function exact(vectors: readonly Float32Array[], query: Float32Array): Set<number> {
  const found = vectors.map((vector, i) => {
    let dot = 0;
    for (let j = 0; j < EMBEDDING; j++) dot += vector[j]! * query[j]!;
    return [dot, i] as const;
  });
  return new Set(
    found
      .sort((a, b) => b[0] - a[0])
      .slice(0, NEAREST)
      .map(([, i]) => i * HOUR),
  );
}

interface PatternFigures {
  readonly insertsPerSecond: number;
  readonly recall: number;
  readonly p50: number;
  readonly p99: number;
}

async function measureIndex(
  index: PatternIndex,
  patterns: readonly Pattern[],
  queries: readonly Float32Array[],
  truth: readonly ReadonlySet<number>[],
): Promise<PatternFigures> {
  const key = { tenantId: 'bench', embeddingVersion: 'e1', symbol: 'EURUSD', timeframe: '1h' };
  const start = performance.now();
  for (let from = 0; from < patterns.length; from += 1_000)
    await index.add(key, patterns.slice(from, from + 1_000));
  const insertsPerSecond = (patterns.length * 1000) / (performance.now() - start);
  const histogram: Histogram = buildHistogram({
    lowestDiscernibleValue: 1,
    numberOfSignificantValueDigits: 3,
  });
  let hits = 0;
  for (const [i, vector] of queries.entries()) {
    const before = performance.now();
    const found = await index.search(key, { vector, k: NEAREST, asOf: VECTORS * 2 * HOUR });
    histogram.recordValue(Math.max(1, Math.round((performance.now() - before) * 1000)));
    hits += found.filter(({ closeTime }) => truth[i]!.has(closeTime)).length;
  }
  return {
    insertsPerSecond,
    recall: hits / (queries.length * NEAREST),
    p50: histogram.getValueAtPercentile(50) / 1000,
    p99: histogram.getValueAtPercentile(99) / 1000,
  };
}

/** 100,000 moments: inserts, the 10 nearest with a time filter, and how many of the true 10 they are. */
export async function benchPatterns(): Promise<void> {
  const random = new Random(5);
  const vectors = inventedVectors(VECTORS + QUERIES, random);
  const units = normalised(vectors);
  const stored = units.slice(0, VECTORS);
  const queries = vectors.slice(VECTORS);
  const truth = units.slice(VECTORS).map((query) => exact(stored, query));
  const patterns = vectors.slice(0, VECTORS).map((vector, i): Pattern => ({
    closeTime: i * HOUR,
    resolvedAt: (i + 24) * HOUR,
    vector,
    directions: [1, 0, -1],
    returns: [0.001, 0, -0.001],
  }));
  const lines: string[] = [];
  const result: Record<string, PatternFigures> = {};
  const note = (name: string, figures: PatternFigures): void => {
    result[name] = figures;
    lines.push(
      `${name}: ${figures.insertsPerSecond.toFixed(0)} inserts/s; lookup p50 ${figures.p50.toFixed(2)} ms, p99 ${figures.p99.toFixed(2)} ms; recall@${NEAREST} ${figures.recall.toFixed(4)}`,
    );
  };
  note('embedded', await measureIndex(new UsearchPatternIndex(), patterns, queries, truth));
  await withServer('weaviate', lines, async (port) => {
    const index = new WeaviatePatternIndex({ url: `http://127.0.0.1:${port}`, anomalyFrom: Infinity });
    note('Weaviate', await measureIndex(index, patterns, queries, truth));
  });
  report('patterns', lines, result);
}
