import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { SuhoError } from '../../engine/errors.js';
import { EMBEDDING } from '../../engine/inference/slab.js';
import type { Inference } from '../../engine/inference/inference.js';
import { InferencePool, type InferencePoolOptions } from '../../engine/inference/pool.js';
import { BadModel } from '../../engine/inference/model-session.js';
import { Sessions } from '../../engine/inference/sessions.js';
import { afterTest } from '../support/cleanup.js';
import { temporaryFolder } from '../support/engine.js';
import { modelFile, plainEncoder, plainPair, plainPredictor, rowOf } from '../support/models.js';
import { killThreads } from '../support/threads.js';

function openPool(t: TestContext, options: Partial<InferencePoolOptions> = {}): InferencePool {
  const pool = new InferencePool({
    workers: 1,
    batchMax: 64,
    queueMax: 20_000,
    sessionMegabytes: 64,
    ...options,
  });
  afterTest(t, () => pool.close());
  return pool;
}

const refused = (code: string, words: RegExp) => (error: unknown) =>
  error instanceof SuhoError && error.code === code && words.test(error.message);

test('a row whose answer is out of range fails alone; the others of its batch are served', async (t) => {
  const folder = temporaryFolder(t);
  const pool = openPool(t);
  const pair = plainPair(folder);
  // Infinity in the first feature makes the returns and the error infinite, 1e30 only the error.
  const firsts = [1, Infinity, 2, -Infinity, 3, 1e30, 4];
  const answers = await Promise.allSettled(
    firsts.map((first, i) => pool.infer(pair, `row ${i}`, rowOf(first), Infinity, 'acme')),
  );
  assert.equal(pool.stats().batches, 1);
  assert.equal(pool.stats().failed, 3);
  answers.forEach((answer, i) => {
    if ([1, 2, 3, 4].includes(firsts[i]!)) {
      const inference = (answer as PromiseFulfilledResult<Inference>).value;
      assert.deepEqual(inference.returns, [firsts[i], firsts[i], firsts[i]]);
    } else {
      assert.ok(answer.status === 'rejected');
      assert.ok(refused('BAD_MODEL', /out of range/)(answer.reason), String(answer.reason));
    }
  });
});

test('an encoder that answers NaN is an error for every row, also when the predictor is well', async (t) => {
  const folder = temporaryFolder(t);
  const pool = openPool(t);
  for (const embedding of [NaN, Infinity]) {
    const pair = {
      predictor: modelFile(folder, plainPredictor()),
      encoder: modelFile(folder, plainEncoder(0, embedding)),
    };
    await assert.rejects(
      pool.infer(pair, `e${embedding}`, rowOf(1), Infinity, 'acme'),
      refused('BAD_MODEL', /encoder/),
    );
    await assert.rejects(pool.check(pair), refused('BAD_MODEL', /encoder/));
  }
});

test("one worker serves another tenant's single row while hundreds of one tenant's wait", async (t) => {
  const folder = temporaryFolder(t);
  const pool = openPool(t, { batchMax: 16 });
  const [busy, quiet] = [plainPair(folder, 1), plainPair(folder, 2)];
  // Both models are open before: opening one holds up nobody else either.
  for (const pair of [busy, quiet]) await pool.infer(pair, pair.predictor.sha256, rowOf(1), Infinity, 'c');
  const order: string[] = [];
  const ask = async (tenant: string, pair: typeof busy, key: string): Promise<void> => {
    await pool.infer(pair, key, rowOf(1), Infinity, tenant);
    order.push(tenant);
  };
  const asked = Array.from({ length: 500 }, (_, i) => ask('a', busy, `a${i}`));
  asked.push(ask('b', quiet, 'b'));
  await Promise.all(asked);
  // Its batch is the second of thirty-three; the first may be followed by one handed over already.
  assert.ok(order.indexOf('b') <= 2 * 16, `${order.indexOf('b')} rows went before`);
});

test('a tenant that fills the queue has its own rows refused, not those of others', async (t) => {
  const folder = temporaryFolder(t);
  const pool = openPool(t, { queueMax: 100 });
  const pair = plainPair(folder);
  const flood = Array.from({ length: 150 }, (_, i) => pool.infer(pair, `a${i}`, rowOf(i), Infinity, 'a'));
  const other = pool.infer(pair, 'b', rowOf(7), Infinity, 'b');
  const answers = await Promise.allSettled(flood);
  assert.equal((await other).returns[0], 7);
  assert.equal(answers.filter(({ status }) => status === 'rejected').length, 51);
  const { refused: without, pushedOut } = pool.stats();
  assert.deepEqual([without, pushedOut], [50, 1]);
});

test('sessions stay within their memory, the least recently used leaves first and one in use never', async (t) => {
  const folder = temporaryFolder(t);
  const files = Array.from({ length: 8 }, (_, i) => modelFile(folder, plainEncoder(i)));
  const memory = 5 * 2 ** 20;
  const sessions = new Sessions(memory);
  const held = sessions.lease(files[0]!);
  const session = await held.session;
  for (const file of [...files, ...files]) {
    const lease = sessions.lease(file);
    await lease.session;
    lease.end();
    assert.ok(sessions.usage.bytes <= memory);
  }
  const { models } = sessions.usage;
  assert.ok(models > 1 && models < files.length, `${models} models open`);
  assert.deepEqual(session.inputNames, ['features'], 'it is usable however long it is held');
  held.end();
  // The most recent ones are open still: the same session comes back.
  const again = sessions.lease(files.at(-1)!);
  assert.equal(sessions.usage.models, models);
  again.end();
});

test('a model larger than the memory for sessions is refused with the setting to raise', (t) => {
  const folder = temporaryFolder(t);
  const file = modelFile(folder, plainEncoder());
  assert.throws(
    () => new Sessions(500_000).lease(file),
    (error) => error instanceof BadModel && error.message.includes('inference.sessionMegabytes'),
  );
});

test('a hundred small models in turn stay open', async (t) => {
  const folder = temporaryFolder(t);
  const pool = openPool(t, { sessionMegabytes: 1024 });
  const pairs = Array.from({ length: 100 }, (_, i) => plainPair(folder, i));
  const round = async (name: string): Promise<void> => {
    for (const [i, pair] of pairs.entries())
      await pool.infer(pair, `${name} ${i}`, rowOf(i), Infinity, 'acme');
  };
  await round('first');
  // A file that is opened again would be found damaged.
  for (const { predictor } of pairs) writeFileSync(predictor.path, 'damaged');
  await round('second');
  assert.equal(pool.stats().rows, 200);
});

test('a file that is not the one registered is refused where it is opened', async (t) => {
  const folder = temporaryFolder(t);
  const pool = openPool(t);
  const pair = plainPair(folder);
  writeFileSync(pair.encoder.path, plainEncoder().subarray(0, 500));
  await assert.rejects(pool.infer(pair, 'row', rowOf(1), Infinity, 'acme'), refused('BAD_MODEL', /damaged/));
  await assert.rejects(pool.check(pair), refused('BAD_MODEL', /damaged/));
});

test('batches whose workers die under them run again, on a pool of one worker and of two', async (t) => {
  const folder = temporaryFolder(t);
  const pair = plainPair(folder);
  for (const workers of [1, 2]) {
    const pool = openPool(t, { workers, batchMax: 16 });
    for (let round = 0; round < 3; round++) {
      const { retried } = pool.stats();
      killThreads(pool.threads);
      const asked = Array.from({ length: 200 }, (_, i) =>
        pool.infer(pair, `${round} ${i}`, rowOf(i), Infinity, 'acme'),
      );
      const answers = await Promise.all(asked);
      answers.forEach(({ returns }, i) => assert.equal(returns[0], i));
      assert.ok(pool.stats().retried > retried, 'a worker died under a batch');
    }
    assert.equal(pool.stats().failed, 0);
  }
});

test('a closing pool answers the rows that run and refuses those that wait', async (t) => {
  const folder = temporaryFolder(t);
  for (let round = 0; round < 12; round++) {
    const pool = openPool(t, { workers: 2, batchMax: 16 });
    const pair = plainPair(folder, round);
    // With the models open, and with models that are being opened.
    if (round % 2 === 0) await pool.infer(pair, 'first', rowOf(1), Infinity, 'acme');
    const asked = Array.from({ length: 2_000 }, (_, i) =>
      pool.infer(pair, `${i}`, rowOf(i), Infinity, 'acme'),
    );
    const settled = Promise.allSettled(asked);
    await new Promise((resolve) => setTimeout(resolve, round));
    await pool.close();
    const answers = await settled;
    const answered = answers.filter(({ status }) => status === 'fulfilled').length;
    assert.equal(pool.stats().rows, answered + (round % 2 === 0 ? 1 : 0));
    for (const answer of answers)
      if (answer.status === 'rejected') assert.ok(refused('STOPPING', /stopping/)(answer.reason));
  }
});

test('a pool can be closed while its workers start, and as soon as a bad model has failed a batch', async (t) => {
  const folder = temporaryFolder(t);
  const bad = modelFile(folder, new TextEncoder().encode('no model'));
  for (let round = 0; round < 12; round++) {
    const pool = openPool(t, { workers: 2 });
    if (round % 2 === 0) {
      const pair = { predictor: bad, encoder: modelFile(folder, plainEncoder(round)) };
      await assert.rejects(
        pool.infer(pair, 'row', rowOf(1), Infinity, 'acme'),
        refused('BAD_MODEL', /not an ONNX model/),
      );
    } else await new Promise((resolve) => setTimeout(resolve, 15 * round));
    await pool.close();
  }
});

test('rows that go behind run after those that signals wait for, share their runs, and are dropped and counted when late', async (t) => {
  const pool = openPool(t);
  const pair = plainPair(temporaryFolder(t));
  const order: string[] = [];
  const ask = async (key: string, behind: boolean): Promise<void> => {
    await pool.infer(pair, key, rowOf(1), Infinity, 'acme', { behind });
    order.push(key);
  };
  await Promise.all([ask('shadow', true), ask('signal', false)]);
  assert.deepEqual(order, ['signal', 'shadow']);
  const { shared } = pool.stats();
  await Promise.all([ask('one', false), ask('one', true)]);
  assert.equal(pool.stats().shared, shared + 1);
  const late = await Promise.allSettled(
    Array.from(
      { length: 7 },
      async (_, i) =>
        await pool.infer(pair, `late-${i}`, rowOf(i), performance.now() - 1, 'acme', { behind: true }),
    ),
  );
  for (const each of late)
    assert.ok(each.status === 'rejected' && refused('OVERLOADED', /wait for inference/)(each.reason));
  const { dropped, expired, refused: turnedAway } = pool.stats();
  assert.deepEqual([dropped, expired, turnedAway], [7, 0, 0]);
});

test('a row that its encoder has seen runs through the predictor alone, in batches of its own', async (t) => {
  const folder = temporaryFolder(t);
  const pool = openPool(t);
  const pair = plainPair(folder);
  const whole = await pool.infer(pair, 'whole', rowOf(3), Infinity, 'acme');
  const unread = { ...pair, encoder: { path: `${folder}/nowhere.onnx`, sha256: 'nothing' } };
  const encoded = { embedding: new Float32Array(EMBEDDING).fill(0.5), reconstructionError: 7 };
  const [known, unknown, mixed] = await Promise.allSettled([
    pool.infer(unread, 'known', rowOf(3), Infinity, 'acme', { encoded: whole }),
    pool.infer(unread, 'unknown', rowOf(3), Infinity, 'acme'),
    pool.infer(pair, 'mixed', rowOf(3), Infinity, 'acme', { encoded }),
  ]);
  assert.deepEqual(known, { status: 'fulfilled', value: whole });
  assert.ok(unknown.status === 'rejected' && refused('BAD_MODEL', /no model file/)(unknown.reason));
  assert.deepEqual(mixed, { status: 'fulfilled', value: { ...whole, ...encoded } });
});
