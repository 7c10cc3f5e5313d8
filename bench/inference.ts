import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InferenceSession, Tensor } from '../engine/onnx-runtime.js';
import { FEATURE_COUNT } from '../actors/features/catalogue.js';
import { InferencePool } from '../engine/inference/pool.js';
import { train } from '../engine/learning/trainer.js';
import { FolderArtifactStore } from '../engine/registry/folder-artifact-store.js';
import { inventedBars } from '../test/support/markets.js';
import { median, report } from './report.js';

const BATCH = 64;
const ROWS = 32_000;
/** The first rounds compile what the pool runs; ONNX Runtime is compiled already. */
const WARM_UP_ROUNDS = 6;

/** Rows a second through the pool, beside the same two models run raw at the same batch size. */
export async function benchInference(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'suho-bench-'));
  const artifacts = new FolderArtifactStore(folder);
  const { predictor, encoder } = await train(inventedBars(1_200), '1h', {
    family: 'perceptron',
    seed: 1,
    folds: 1,
    rowsMax: 2_000,
  });
  const file = async (bytes: Uint8Array) => {
    const place = { tenantId: 'platform', model: 'bench', version: 'v1.0.0' };
    const { sha256 } = await artifacts.put(place, bytes);
    return { sha256, path: artifacts.path(sha256) };
  };
  const pair = { predictor: await file(predictor), encoder: await file(encoder) };
  const pool = new InferencePool({ workers: 1, batchMax: BATCH, queueMax: 100_000, sessionMegabytes: 256 });
  const row = Float32Array.from({ length: FEATURE_COUNT }, (_, i) => Math.sin(i));
  const throughPool = async (): Promise<number> => {
    const start = performance.now();
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < ROWS) await pool.infer(pair, String(next++), row, Infinity, 'bench');
    };
    await Promise.all(Array.from({ length: BATCH * 4 }, lane));
    return (ROWS / (performance.now() - start)) * 1000;
  };
  const options: InferenceSession.SessionOptions = {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
  };
  const sessions = await Promise.all(
    [pair.predictor, pair.encoder].map((f) => InferenceSession.create(readFileSync(f.path), options)),
  );
  const features = new Tensor('float32', new Float32Array(BATCH * FEATURE_COUNT).fill(0.5), [
    BATCH,
    FEATURE_COUNT,
  ]);
  const raw = async (): Promise<number> => {
    const start = performance.now();
    for (let i = 0; i < ROWS; i += BATCH) for (const session of sessions) await session.run({ features });
    return (ROWS / (performance.now() - start)) * 1000;
  };
  const results: { pool: number; raw: number }[] = [];
  for (let i = 0; i < WARM_UP_ROUNDS + 5; i++) results.push({ pool: await throughPool(), raw: await raw() });
  await pool.close();
  rmSync(folder, { recursive: true, force: true });
  const warm = results.slice(WARM_UP_ROUNDS);
  const share = median(warm.map((r) => r.pool / r.raw));
  const [ours, floor] = [median(warm.map((r) => r.pool)), median(warm.map((r) => r.raw))];
  report(
    'inference',
    [
      `pool, one worker: ${ours.toFixed(0)} rows/s; raw ONNX Runtime at batch ${BATCH}: ${floor.toFixed(0)} rows/s; share ${(100 * share).toFixed(0)} %`,
    ],
    { ours, floor, share, batch: BATCH },
  );
}
