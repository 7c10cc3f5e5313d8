import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InferenceSession, type Tensor } from '../engine/onnx-runtime.js';
import { FEATURE_COUNT } from '../actors/features/catalogue.js';
import { BarGrid } from '../actors/market/bar-grid.js';
import { InferencePool } from '../engine/inference/pool.js';
import type { ModelFile, ModelPair } from '../engine/inference/to-worker.js';
import { buildDataset, sequenceOf, type Dataset } from '../engine/learning/dataset.js';
import { trainEncoder } from '../engine/learning/encoder.js';
import { stack, fitAll, MEMBERS } from '../engine/learning/families/ensemble.js';
import { SESSION_OPTIONS } from '../engine/learning/network.js';
import { feedsOf, inputsOf } from '../engine/learning/predict.js';
import { holdOut } from '../engine/learning/split.js';
import { FolderArtifactStore } from '../engine/registry/folder-artifact-store.js';
import { inventedBars } from '../test/support/markets.js';
import { median, report } from './report.js';

const BATCH = 64;
const BARS = 3_500;
/** Rows in one measurement of throughput, and rows that are asked for one after another. */
const ROWS = 25_600;
const ALONE = 600;
/** The first rounds compile what the pool runs; ONNX Runtime is compiled already. */
const WARM_UP_ROUNDS = 6;
const ROUNDS = 7;
/** The aims: 99th percentile of one row, and the share of what raw ONNX Runtime does at the same batch. */
const P99_MS_MAX = 5;
const SHARE_MIN = 0.7;

/** Each kind of model through the pool: the time of a single row, and rows a second beside raw ONNX Runtime at the same batch. */
export async function benchFamilyInference(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'suho-bench-'));
  const artifacts = new FolderArtifactStore(folder);
  const pool = new InferencePool({ workers: 1, batchMax: BATCH, queueMax: 100_000, sessionMegabytes: 256 });
  const lines: string[] = [];
  const results: Record<string, unknown> = {};
  try {
    const dataset = buildDataset(inventedBars(BARS, { momentum: 0.7, seed: 5 }), BarGrid.of('1h'));
    const split = holdOut(dataset, dataset.rows, 0.2);
    const keep = async (bytes: Uint8Array): Promise<ModelFile> => {
      const { sha256 } = await artifacts.put(
        { tenantId: 'platform', model: 'bench', version: 'v1.0.0' },
        bytes,
      );
      return { sha256, path: artifacts.path(sha256) };
    };
    const encoder = await keep(await trainEncoder(dataset, split.train, { seed: 1 }, '1h', {}));
    const tried = await fitAll(MEMBERS, dataset, split, { seed: 1 });
    for (const fitted of [...tried.judged.map((each) => each.fitted), stack(tried)]) {
      const pair = { predictor: await keep(fitted.toOnnx()), encoder };
      const measured = await measure(pool, pair, dataset, fitted.takesSequence);
      const { p50, p99, pooled, raw, workerCpu, rawCpu } = measured;
      const share = pooled / raw;
      const holds = p99 <= P99_MS_MAX && share >= SHARE_MIN;
      results[fitted.family] = measured;
      lines.push(
        `${fitted.family}: one row p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms; ${pooled.toFixed(0)} rows/s of ${raw.toFixed(0)} raw at batch ${BATCH} (${(100 * share).toFixed(0)} %; of its CPU time the worker has ${(100 * (rawCpu / workerCpu)).toFixed(0)} %): ${holds ? 'holds' : 'DOES NOT HOLD'}`,
      );
    }
  } finally {
    await pool.close();
    rmSync(folder, { recursive: true, force: true });
  }
  report('inference of families', lines, { batch: BATCH, results });
}

interface Measured {
  /** Milliseconds of a single row. */
  readonly p50: number;
  readonly p99: number;
  /** Rows a second by the clock. On a busy machine the pool, whose two threads want a core each, loses more than raw ONNX Runtime. */
  readonly pooled: number;
  readonly raw: number;
  /** CPU milliseconds of a batch, of the pool's worker and raw: other work changes them little. Linux tells a thread's. */
  readonly workerCpu: number;
  readonly rawCpu: number;
}

async function measure(
  pool: InferencePool,
  pair: ModelPair,
  dataset: Dataset,
  takesSequence: boolean,
): Promise<Measured> {
  const feature = (row: number): Float32Array =>
    dataset.features.subarray(row * FEATURE_COUNT, (row + 1) * FEATURE_COUNT);
  const ask = async (i: number): Promise<unknown> => {
    const row = i % dataset.rows;
    // As the engine does: rows of a series come with sequences only where a model takes them.
    const sequence = takesSequence ? sequenceOf(dataset, row) : undefined;
    return await pool.infer(pair, String(i), feature(row), Infinity, 'bench', { sequence });
  };
  const times: number[] = [];
  for (let i = 0; i < ALONE; i++) {
    const start = performance.now();
    await ask(i);
    if (i >= 50) times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const throughPool = async (): Promise<number> => {
    const start = performance.now();
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < ROWS) await ask(next++);
    };
    await Promise.all(Array.from({ length: BATCH * 4 }, lane));
    return (ROWS / (performance.now() - start)) * 1000;
  };
  const sessions = await Promise.all(
    [pair.predictor, pair.encoder].map(
      async (file) => await InferenceSession.create(readFileSync(file.path), SESSION_OPTIONS),
    ),
  );
  // The rows that go through the pool, too: over the same few again and again, a processor learns each branch of a tree.
  const batches: [InferenceSession, Record<string, Tensor>][][] = [];
  for (let from = 0; from + BATCH <= dataset.rows; from += BATCH) {
    const inputs = inputsOf(dataset, { from, to: from + BATCH });
    batches.push(sessions.map((session) => [session, feedsOf(session, inputs)]));
  }
  const rawly = async (): Promise<number> => {
    const start = performance.now();
    for (let i = 0; i < ROWS / BATCH; i++)
      for (const [session, feeds] of batches[i % batches.length]!) await session.run(feeds);
    return (ROWS / (performance.now() - start)) * 1000;
  };
  const rounds: Pick<Measured, 'pooled' | 'raw' | 'workerCpu' | 'rawCpu'>[] = [];
  for (let i = 0; i < WARM_UP_ROUNDS + ROUNDS; i++) {
    const [pooled, workerCpu] = await timed(() => threadsMs(pool.osThreads), throughPool);
    const [raw, rawCpu] = await timed(ownMs, rawly);
    rounds.push({ pooled, raw, workerCpu, rawCpu });
  }
  for (const session of sessions) await session.release();
  const warm = rounds.slice(WARM_UP_ROUNDS);
  return {
    p50: times[Math.floor(times.length / 2)]!,
    p99: times[Math.floor(0.99 * times.length)]!,
    pooled: median(warm.map(({ pooled }) => pooled)),
    raw: median(warm.map(({ raw }) => raw)),
    workerCpu: median(warm.map(({ workerCpu }) => workerCpu)),
    rawCpu: median(warm.map(({ rawCpu }) => rawCpu)),
  };
}

/** What a run of ROWS rows came to, and the CPU milliseconds of a batch by some clock. */
async function timed(clock: () => number, run: () => Promise<number>): Promise<[number, number]> {
  const start = clock();
  const rate = await run();
  return [rate, ((clock() - start) * BATCH) / ROWS];
}

/** CPU time of this process. */
function ownMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

/** CPU time of some threads. */
function threadsMs(threads: Iterable<number>): number {
  return [...threads].reduce((sum, thread) => {
    const nanoseconds = readFileSync(`/proc/self/task/${thread}/schedstat`, 'utf8').split(' ')[0];
    return sum + Number(nanoseconds) / 1e6;
  }, 0);
}
