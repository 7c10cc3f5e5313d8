import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMBEDDING } from '../../engine/inference/slab.js';
import { Random } from '../../engine/learning/random.js';
import type { PartitionKey, Pattern } from '../../engine/patterns/pattern-index.js';
import { UsearchPatternIndex } from '../../engine/patterns/usearch-pattern-index.js';

const HOUR = 3_600_000;
const key: PartitionKey = { tenantId: 'a', embeddingVersion: 'e1', symbol: 'EURUSD', timeframe: '1h' };

function pattern(random: Random, hour: number): Pattern {
  const vector = Float32Array.from({ length: EMBEDDING }, () => random.normal());
  return {
    closeTime: hour * HOUR,
    resolvedAt: (hour + 24) * HOUR,
    vector,
    directions: [1, 0, -1],
    returns: [0.1, 0, -0.1],
  };
}

function cosine(a: Float32Array, b: Float32Array): number {
  let ab = 0,
    aa = 0,
    bb = 0;
  for (let i = 0; i < a.length; i++) {
    ab += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

test('it finds what an exhaustive search by cosine finds, most similar first', () => {
  const random = new Random(1);
  const index = new UsearchPatternIndex();
  const patterns = Array.from({ length: 2_000 }, (_, i) => pattern(random, i));
  index.add(key, patterns);
  const query = pattern(random, 0).vector;
  const found = index.search(key, { vector: query, k: 10, asOf: Infinity });
  const expected = patterns
    .map((p) => [cosine(query, p.vector), p.closeTime] as const)
    .sort((a, b) => b[0] - a[0])
    .slice(0, 10);
  assert.deepEqual(
    found.map(({ closeTime }) => closeTime),
    expected.map(([, t]) => t),
  );
  found.forEach(({ similarity }, i) => assert.ok(Math.abs(similarity - expected[i]![0]) < 1e-5));
});

test('a question at a time sees only outcomes known at that time', () => {
  const random = new Random(2);
  const index = new UsearchPatternIndex();
  for (let hour = 0; hour < 300; hour++) index.add(key, [pattern(random, hour)]);
  const { vector } = pattern(random, 0);
  for (const hour of [0, 23, 24, 100, 400]) {
    const found = index.search(key, { vector, k: 400, asOf: hour * HOUR });
    assert.equal(found.length, Math.max(0, Math.min(300, hour - 23)));
    assert.ok(found.every(({ closeTime }) => closeTime + 24 * HOUR <= hour * HOUR));
  }
});

test('tenants, symbols, timeframes and embedding versions never mix', () => {
  const random = new Random(3);
  const index = new UsearchPatternIndex();
  const p = pattern(random, 1);
  index.add(key, [p]);
  for (const other of [
    { tenantId: 'b' },
    { symbol: 'GBPUSD' },
    { timeframe: '4h' },
    { embeddingVersion: 'e2' },
  ]) {
    assert.deepEqual(index.search({ ...key, ...other }, { vector: p.vector, k: 5, asOf: Infinity }), []);
  }
  index.add(key, [p]);
  assert.equal(index.size(key), 1, 'the same moment again changes nothing');
});
