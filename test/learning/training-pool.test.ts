import { UTC_CALENDAR } from '../../actors/market/calendar.js';
import { ruleOf } from '../../engine/calendars.js';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { SuhoError } from '../../engine/errors.js';
import { packBars } from '../../engine/journal/records.js';
import { TRAINABLE } from '../../engine/learning/families/names.js';
import { TrainingPool } from '../../engine/learning/training-pool.js';
import type { TrainingJob } from '../../engine/learning/training-worker.js';
import { afterTest } from '../support/cleanup.js';
import { temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';
import { modelFile, plainEncoder } from '../support/models.js';
import { killThreads } from '../support/threads.js';

function openPool(t: TestContext): TrainingPool {
  const pool = new TrainingPool();
  afterTest(t, () => pool.close());
  return pool;
}

const jobOf = (bars: number, encoder?: TrainingJob['encoder']): TrainingJob => ({
  bars: packBars(inventedBars(bars, { seed: 3 })),
  timeframe: '1h',
  calendar: ruleOf(UTC_CALENDAR),
  family: 'perceptron',
  budgetSeconds: 180,
  seed: 1,
  folds: 1,
  rowsMax: 5_000,
  encoder,
});

const failsWith = (code: string, words: RegExp) => (error: unknown) =>
  error instanceof SuhoError && error.code === code && words.test(error.message);

test('trainings asked for at once follow each other, and each is told how far it is', async (t) => {
  const pool = openPool(t);
  const told: number[][] = [[], []];
  const [first, second] = await Promise.all(
    told.map(async (own, i) => await pool.train(`market/${i}/1h`, jobOf(900), (done) => own.push(done))),
  );
  assert.notEqual(first, second);
  assert.deepEqual(first!.predictor, second!.predictor);
  assert.deepEqual(told, [
    [1, 2, 3],
    [1, 2, 3],
  ]);
});

test('a training tells how far it is, and the same job gives the same files', async (t) => {
  const pool = openPool(t);
  const told: number[] = [];
  const [first, second] = await Promise.all([
    pool.train('market/EURUSD/1h', jobOf(900), (done) => told.push(done)),
    pool.train('market/GBPUSD/1h', jobOf(900)),
  ]);
  assert.deepEqual(first.predictor, second.predictor);
  assert.deepEqual(told, [1, 2, 3]);
});

for (const family of TRAINABLE)
  test(`${family}: two workers that train at the same time give the same file, and so does a third later`, async (t) => {
    const job = { ...jobOf(900), family };
    const [one, other] = await Promise.all(
      ['a', 'b'].map(async (name) => await openPool(t).train(`market/${name}/1h`, job)),
    );
    assert.deepEqual(one!.predictor, other!.predictor);
    assert.deepEqual((await openPool(t).train('market/c/1h', job)).predictor, one!.predictor);
  });

test('an encoder embeds bars again as its training did', async (t) => {
  const pool = openPool(t);
  const { encoder, history } = await pool.train('s', jobOf(900));
  const { bars, timeframe, calendar } = jobOf(900);
  const file = modelFile(temporaryFolder(t), encoder);
  assert.deepEqual(await pool.embed('s', { bars, timeframe, calendar, encoder: file }), history);
  const none = await pool.embed('s', { bars: packBars([]), timeframe, calendar, encoder: file });
  assert.equal(none.closeTimes.length, 0);
});

test('a training that fails or whose thread dies ends with a sentence, and the next one goes through', async (t) => {
  const pool = openPool(t);
  await assert.rejects(pool.train('s', jobOf(300)), failsWith('BAD_INPUT', /Training needs 600 1h bars/));
  await assert.rejects(
    pool.train('s', { ...jobOf(900), bars: undefined as never }),
    failsWith('TRAINING_FAILED', /^The training for s failed: .*\. The models in use stay; train again\.$/s),
  );
  const ended = pool.train('s', jobOf(900), () => {
    killThreads(pool.threads);
  });
  await assert.rejects(ended, failsWith('TRAINING_FAILED', /^The training for s failed: /));
  assert.equal((await pool.train('s', jobOf(900))).rows, 701);
});

test('a closed pool ends what trains and takes nothing more', async (t) => {
  const pool = openPool(t);
  const running = pool.train('s', jobOf(3_000));
  const ended = assert.rejects(running, failsWith('STOPPING', /stopped/));
  await new Promise((resolve) => setImmediate(resolve));
  await pool.close();
  await ended;
  await assert.rejects(pool.train('s', jobOf(900)), failsWith('STOPPING', /trains no more/));
});

test('an encoder is kept when it is sound; a damaged or broken one is trained anew, and the result says why', async (t) => {
  const folder = temporaryFolder(t);
  const pool = openPool(t);
  const trained = await pool.train('s', jobOf(900));
  const sound = modelFile(folder, trained.encoder);
  const again = await pool.train('s', jobOf(900, sound));
  assert.deepEqual([again.encoder, again.encoderFault], [trained.encoder, undefined]);

  const infinite = modelFile(folder, plainEncoder(0, NaN));
  const foreign = modelFile(folder, new TextEncoder().encode('no model'));
  const damaged = modelFile(folder, plainEncoder(1));
  writeFileSync(damaged.path, plainEncoder(1).subarray(0, 600));
  for (const [file, words] of [
    [infinite, /not finite/],
    [foreign, /cannot be read/],
    [damaged, /damaged/],
    [{ ...sound, path: `${folder}/none` }, /cannot be read/],
  ] as const) {
    const { encoder, encoderFault = 'none' } = await pool.train('s', jobOf(900, file));
    assert.match(encoderFault, words);
    assert.deepEqual(encoder, trained.encoder);
  }
});
