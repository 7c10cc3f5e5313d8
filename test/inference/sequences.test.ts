import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { CHANNEL_COUNT, SEQUENCE_SIZE, SEQUENCE_VERSION } from '../../actors/features/sequence-channels.js';
import { SuhoError } from '../../engine/errors.js';
import { InferencePool } from '../../engine/inference/pool.js';
import type { ModelPair } from '../../engine/inference/to-worker.js';
import { afterTest } from '../support/cleanup.js';
import { temporaryFolder } from '../support/engine.js';
import { modelFile, plainEncoder, plainPair, rowOf, sequencePredictor } from '../support/models.js';

function openPool(t: TestContext): InferencePool {
  const pool = new InferencePool({ workers: 1, batchMax: 16, queueMax: 20_000, sessionMegabytes: 64 });
  afterTest(t, () => pool.close());
  return pool;
}

function pairOf(folder: string, options: Parameters<typeof sequencePredictor>[0]): ModelPair {
  return {
    predictor: modelFile(folder, sequencePredictor(options)),
    encoder: modelFile(folder, plainEncoder()),
  };
}

/** A sequence whose newest bar has `first` in its first channel. */
function sequenceOf(first: number): Float32Array {
  const sequence = new Float32Array(SEQUENCE_SIZE).fill(-1);
  sequence[SEQUENCE_SIZE - CHANNEL_COUNT] = first;
  return sequence;
}

const badModel = (words: RegExp) => (error: unknown) =>
  error instanceof SuhoError && error.code === 'BAD_MODEL' && words.test(error.message);

test('each row is answered for its own sequence, in batches, between rows of models that take none', async (t) => {
  const folder = temporaryFolder(t);
  const pool = openPool(t);
  const [sequences, plain] = [pairOf(folder, { sequenceVersion: SEQUENCE_VERSION }), plainPair(folder)];
  const answers = await Promise.all(
    Array.from({ length: 200 }, async (_, i) =>
      i % 2 === 0
        ? await pool.infer(sequences, `s${i}`, rowOf(-i), Infinity, 'acme', { sequence: sequenceOf(i) })
        : await pool.infer(plain, `p${i}`, rowOf(i), Infinity, 'acme'),
    ),
  );
  answers.forEach(({ returns }, i) => assert.deepEqual(returns, [i, i, i]));
  assert.ok(pool.stats().batches < 40, `${pool.stats().batches} batches`);
});

test('a row without its sequence is an error of its model, not a wrong answer', async (t) => {
  const pool = openPool(t);
  const pair = pairOf(temporaryFolder(t), { sequenceVersion: SEQUENCE_VERSION });
  await assert.rejects(
    pool.infer(pair, 'row', rowOf(1), Infinity, 'acme'),
    badModel(/takes sequences, and the rows came without/),
  );
});

test('the trial tells which channels a predictor takes, and refuses others', async (t) => {
  const folder = temporaryFolder(t);
  const pool = openPool(t);
  assert.deepEqual(await pool.check(pairOf(folder, { sequenceVersion: SEQUENCE_VERSION })), {
    batchInvariant: true,
    sequenceVersion: SEQUENCE_VERSION,
  });
  await assert.rejects(
    pool.check(pairOf(folder, { sequenceVersion: 'sq0-1' })),
    badModel(/trained on sequence channels sq0-1, and this engine computes sq/),
  );
  await assert.rejects(pool.check(pairOf(folder, {})), badModel(/does not say of which version/));
});

test('a model whose rows depend on their batch is told apart, and rows that are alone repeat', async (t) => {
  const folder = temporaryFolder(t);
  const pool = openPool(t);
  const pair = pairOf(folder, { sequenceVersion: SEQUENCE_VERSION, ofBatch: true });
  assert.equal((await pool.check(pair)).batchInvariant, false);
  const ask = async (alone: boolean): Promise<number[]> => {
    const answers = await Promise.all(
      [1, 2, 3, 6].map(
        async (first) =>
          await pool.infer(pair, `${alone} ${first}`, rowOf(0), Infinity, 'acme', {
            sequence: sequenceOf(first),
            alone,
          }),
      ),
    );
    return answers.map(({ returns }) => returns[0]!);
  };
  assert.deepEqual(await ask(false), [3, 3, 3, 3]);
  assert.deepEqual(await ask(true), [1, 2, 3, 6]);
});
