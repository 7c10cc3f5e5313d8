import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { BarGrid } from '../../actors/market/bar-grid.js';
import { SEQUENCE_VERSION } from '../../actors/features/sequence-channels.js';
import type { Engine } from '../../engine/engine.js';
import { seriesIdentity } from '../../engine/instruments/ids.js';
import { buildDataset } from '../../engine/learning/dataset.js';
import { predict } from '../../engine/learning/predict.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';

const SERIES = 'market/EURUSD/1h';
const bars = inventedBars(1_000, { momentum: 0.7, seed: 81 });

/** Feeds bars, and gives the probabilities that the model answered on the way, by close time. */
async function feed(engine: Engine, from: number, to: number): Promise<Map<number, readonly number[]>> {
  const answers = new Map<number, readonly number[]>();
  engine.evidence.onEvidence(({ closeTime, model }) => {
    assert.ok(model !== undefined, 'the model answers every bar');
    answers.set(closeTime, model.probabilities);
  });
  const instrument = await engine.instruments.follow({
    feed: 'market',
    symbol: 'EURUSD',
    base: '1h',
    tenantId: 'default',
    timeframe: '1h',
  });
  engine.intake.ingestBars(instrument, bars.slice(from, to));
  await engine.settled();
  return answers;
}

test('an LSTM that an engine trains answers live as it does in training, also after restarts', async (t) => {
  const folder = temporaryFolder(t);
  const settings = { training: { folds: 1, family: 'lstm' } } as const;
  let engine = await openEngine(t, folder, settings);
  await feed(engine, 0, 940);
  const { record } = await engine.training.train(SERIES, bars[939]!.openTime + 3_600_000);
  assert.deepEqual([record.family, record.sequenceVersion], ['lstm', SEQUENCE_VERSION]);
  const [listed] = await engine.registry.list(seriesIdentity(SERIES));
  assert.equal(listed!.sequenceVersion, SEQUENCE_VERSION);
  const file = readFileSync(engine.artifacts.path(record.modelId));
  const answers = await feed(engine, 940, 960);
  for (const [from, to] of [
    [960, 980],
    [980, 1_000],
  ] as const) {
    await engine.stop();
    engine = await openEngine(t, folder, settings);
    for (const [closeTime, probabilities] of await feed(engine, from, to))
      answers.set(closeTime, probabilities);
  }
  assert.equal(answers.size, 60);
  const dataset = buildDataset(bars, BarGrid.of('1h'));
  const own = await predict(file, dataset, { from: 0, to: dataset.rows }, 'probabilities', 9);
  dataset.closeTimes.forEach((closeTime, row) =>
    answers
      .get(closeTime)
      ?.forEach((p, i) => assert.ok(Math.abs(p - own[row * 9 + i]!) < 1e-5, `${closeTime}: ${p}`)),
  );
});
