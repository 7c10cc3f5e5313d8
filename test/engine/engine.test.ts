import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import type { Bar } from '../../actors/market/bar.js';
import type { Engine } from '../../engine/engine.js';
import { SuhoError } from '../../engine/errors.js';
import type { PublishedSignal } from '../../engine/publication/subscription.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { MONDAY, inventedBars } from '../support/markets.js';
import { killThreads } from '../support/threads.js';

const HOUR = 3_600_000;
const bars = inventedBars(1_400, { momentum: 0.7, seed: 21 });

/** Follows a shared series for tenants, feeds it, and trains on the first 1,200 bars. */
async function trained(engine: Engine, tenants: readonly string[] = ['default']): Promise<string> {
  let group = '';
  for (const tenantId of tenants) {
    group = await engine.instruments.follow({
      feed: 'market',
      symbol: 'EURUSD',
      base: '1h',
      tenantId,
      timeframe: '1h',
    });
  }
  engine.intake.ingestBars(group, bars.slice(0, 1_200));
  await engine.settled();
  const { record } = await engine.training.train(`${group}/1h`, bars[1_199]!.openTime + HOUR);
  assert.ok(record.batchInvariant, 'a row comes out the same in every batch');
  return group;
}

const ids = (signals: readonly PublishedSignal[]): string[] =>
  signals.map(({ signal }) => signal.predictionId);

test('bars become rows, signals and stored predictions, each once, and a second run adds nothing', async (t) => {
  const folder = temporaryFolder(t);
  const engine = await openEngine(t, folder);
  const published: PublishedSignal[] = [];
  engine.publication.onSignal((signal) => published.push(signal));
  const group = await trained(engine);
  const first = engine.intake.ingestBars(group, bars.slice(1_200));
  const again = await engine.intake.ingestBars(group, bars.slice(1_300)).done();
  await engine.settled();
  assert.deepEqual([first.accepted, again.accepted, again.duplicates, again.late], [200, 0, 100, 0]);
  await engine.stored();
  assert.equal(published.length, 200);
  const sequences = published.map(({ sequence }) => sequence);
  assert.deepEqual(
    sequences,
    [...new Set(sequences)].sort((a, b) => a - b),
  );
  const rows = await engine.features.sql(
    'SELECT count() AS n, countIf(labels_known = 3) AS labelled FROM ml_features',
  );
  assert.deepEqual({ ...rows[0] }, { n: 1_400, labelled: 1_400 - 24 });
  const stored = await engine.predictions.sql(
    'SELECT prediction_id, actual_1h FROM ml_predictions ORDER BY bar_close_time',
  );
  assert.deepEqual(
    stored.map((row) => row['prediction_id']),
    ids(published),
  );
  assert.equal(stored.filter((row) => row['actual_1h'] === null).length, 1);
  // Independent of the engine's own labels: the next bar of this market always leaves the dead zone.
  stored.slice(0, -1).forEach((row, i) => {
    const move = bars[1_201 + i]!.close - bars[1_200 + i]!.close;
    assert.equal(row['actual_1h'], Math.sign(move));
  });
  await engine.stop();

  const next = await openEngine(t, folder);
  assert.equal(next.intake.ingestBars(group, bars).accepted, 0);
  await next.stored();
  const [count] = await next.predictions.sql('SELECT count(*) AS n FROM ml_predictions');
  assert.equal(count!['n'], 200);
});

test('tenants that share a series share its rows and inferences, and get their own signals', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t));
  const published: PublishedSignal[] = [];
  engine.publication.onSignal((signal) => published.push(signal));
  const group = await trained(engine, ['acme', 'zen']);
  const before = engine.inference.stats();
  engine.intake.ingestBars(group, bars.slice(1_200, 1_300));
  await engine.settled();
  await engine.journal.durable();
  const after = engine.inference.stats();
  assert.equal(engine.status.counts().rows, 1_300);
  assert.equal(after.rows - before.rows, 100, 'one inference for both');
  for (const tenantId of ['acme', 'zen'])
    assert.equal(published.filter(({ signal }) => signal.tenantId === tenantId).length, 100);
  assert.equal(new Set(ids(published)).size, 200);
});

test('the same inputs give the same states and signals in two engines, bit for bit', async (t) => {
  const runs = [];
  for (const chunk of [1, 50]) {
    const engine = await openEngine(t, temporaryFolder(t));
    const published: PublishedSignal[] = [];
    engine.publication.onSignal((signal) => published.push(signal));
    const group = await trained(engine);
    for (let i = 1_200; i < 1_400; i += chunk) {
      engine.intake.ingestBars(group, bars.slice(i, i + chunk));
      if (i % 20 === 0) await engine.settled();
    }
    await engine.settled();
    await engine.journal.durable();
    const signals = published.map(({ signal }) => ({ ...signal, timing: undefined }));
    runs.push({ signals, states: engine.instruments.graph.states() });
    await engine.stop();
  }
  assert.deepEqual(runs[0], runs[1]);
});

test('a restart goes on as if nothing had been', async (t) => {
  const unbroken = await openEngine(t, temporaryFolder(t));
  const group = await trained(unbroken);
  unbroken.intake.ingestBars(group, bars.slice(1_200));
  await unbroken.settled();
  const expected = unbroken.instruments.graph.states();
  await unbroken.stop();

  const folder = temporaryFolder(t);
  let engine = await openEngine(t, folder);
  await trained(engine);
  for (const to of [1_250, 1_251, 1_330, 1_400]) {
    engine.intake.ingestBars(group, bars.slice(1_200, to));
    await engine.settled();
    await engine.stop();
    engine = await openEngine(t, folder);
  }
  assert.deepEqual(engine.instruments.graph.states(), expected);
});

test('a worker that dies is replaced and no bar loses its signal', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t));
  let signals = 0;
  engine.publication.onSignal(() => signals++);
  const group = await trained(engine);
  for (let from = 1_200; from < 1_400; from += 50) {
    const { retried } = engine.inference.stats();
    killThreads(engine.inference.threads);
    engine.intake.ingestBars(group, bars.slice(from, from + 50));
    await engine.settled();
    assert.ok(engine.inference.stats().retried > retried, 'a worker died under a batch');
  }
  await engine.journal.durable();
  assert.equal(signals, 200);
});

test('bad bars are refused one by one with their reason, and the good ones are taken', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t));
  const group = await engine.instruments.follow({
    feed: 'market',
    symbol: 'EURUSD',
    base: '1h',
    tenantId: 'default',
    timeframe: '1h',
  });
  const good = bars[0]!;
  const at = (i: number, change: Partial<Bar>): Bar => ({ ...good, openTime: MONDAY + i * HOUR, ...change });
  const result = engine.intake.ingestBars(group, [
    at(0, {}),
    at(1, { close: NaN }),
    at(2, { low: -1 }),
    at(3, { high: good.low / 2, low: good.low }),
    at(4, {}),
  ]);
  assert.equal(result.accepted, 2);
  assert.deepEqual(result.rejected, [
    { index: 1, reason: 'not_finite' },
    { index: 2, reason: 'not_positive' },
    { index: 3, reason: 'high_below_low' },
  ]);
});

test('a journal at its size refuses input loudly and loses nothing it took', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t), { journal: { maxMegabytes: 0.3 } });
  const group = await engine.instruments.follow({
    feed: 'market',
    symbol: 'EURUSD',
    base: '1h',
    tenantId: 'default',
    timeframe: '1h',
  });
  assert.equal(engine.intake.ingestBars(group, bars.slice(0, 1_000)).accepted, 1_000);
  await engine.settled();
  assert.throws(
    () => engine.intake.ingestBars(group, bars.slice(1_000)),
    (e) => e instanceof SuhoError && e.code === 'JOURNAL_FULL',
  );
  await engine.stored();
  const [rows] = await engine.features.sql('SELECT count() AS n FROM ml_features');
  assert.equal(rows!['n'], 1_000);
});

test('a model file that is none is refused in one sentence', async (t) => {
  const folder = temporaryFolder(t);
  const engine = await openEngine(t, folder);
  const bytes = new TextEncoder().encode('this is no model');
  const place = { tenantId: 'platform', model: 'none', version: 'v1.0.0' };
  const { sha256 } = await engine.artifacts.put(place, bytes);
  const file = { path: engine.artifacts.path(sha256), sha256 };
  await assert.rejects(engine.inference.check({ predictor: file, encoder: file }), /is not an ONNX model/);
  writeFileSync(file.path, 'and now another');
  const other = path.join(folder, 'artifacts', `${sha256}.onnx`);
  await assert.rejects(
    engine.inference.check({ predictor: { path: other, sha256: 'f'.repeat(64) }, encoder: file }),
    /not the file that was registered|is not an ONNX model/,
  );
});

test('a second engine on the same folder and a folder of another version are refused', async (t) => {
  const folder = temporaryFolder(t);
  const engine = await openEngine(t, folder);
  await assert.rejects(
    openEngine(t, folder),
    (e) => e instanceof SuhoError && e.code === 'DATA_FOLDER_IN_USE',
  );
  await engine.stop();
  writeFileSync(path.join(folder, 'suho.json'), '{"format":99}');
  await assert.rejects(
    openEngine(t, folder),
    (e) => e instanceof SuhoError && e.code === 'DATA_FOLDER_VERSION',
  );
});

test('models of the former feature set are refused with both versions, also after a restart, until a training replaces them', async (t) => {
  const folder = temporaryFolder(t);
  const former = 'fs1-8d033b8bcf53fb09';
  let engine = await openEngine(t, folder);
  const request = {
    feed: 'market',
    symbol: 'EURUSD',
    base: '1h',
    tenantId: 'default',
    timeframe: '1h',
  } as const;
  const group = await engine.instruments.follow(request);
  engine.intake.ingestBars(group, bars.slice(0, 1_200));
  await engine.settled();
  const instrument = engine.instruments.get(group)!;
  await engine.instruments.setRoute(instrument, 'default', '1h', {
    modelId: 'a'.repeat(64),
    encoderId: 'b'.repeat(64),
    version: 'v1.0.0',
    embeddingVersion: 'e1',
    featureSetVersion: former,
    arm: 'production',
    primaryHorizon: 0,
    edge: [true, true, true],
    trainedThrough: bars[1_000]!.openTime,
    anomalyScale: 1,
  });
  await engine.stop();

  engine = await openEngine(t, folder);
  const published: PublishedSignal[] = [];
  engine.publication.onSignal((signal) => published.push(signal));
  engine.intake.ingestBars(group, bars.slice(1_200, 1_210));
  await engine.settled();
  assert.equal(published.length, 0);
  assert.equal(engine.status.counts().withheld['feature_set_mismatch'], 10);
  const reasons = (): readonly string[] =>
    engine.status.withheldModels().map(({ state }) => (state.kind === 'withheld' ? state.reason : ''));
  assert.equal(reasons().length, 1);
  assert.match(reasons()[0]!, /v1\.0\.0 of market\/EURUSD\/1h .*train the series again/);
  assert.ok(reasons()[0]!.includes(former) && reasons()[0]!.includes(FEATURE_SET_VERSION), reasons()[0]);

  const { record } = await engine.training.train(`${group}/1h`, bars[1_209]!.openTime + HOUR);
  assert.equal(record.featureSetVersion, FEATURE_SET_VERSION);
  engine.intake.ingestBars(group, bars.slice(1_210, 1_230));
  await engine.settled();
  await engine.stored();
  assert.deepEqual(engine.status.counts().withheld, { feature_set_mismatch: 10 });
  assert.equal(published.length, 20);
  assert.deepEqual(reasons(), []);
  await engine.stop();
  engine = await openEngine(t, folder);
  assert.deepEqual(reasons(), []);
});
