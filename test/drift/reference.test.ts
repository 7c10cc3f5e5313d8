import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BINS, binOf, makeReference } from '../../engine/drift/reference.js';
import { decodeFacts, encodeFacts } from '../../engine/drift/training-facts.js';
import { Random } from '../../engine/learning/random.js';

/** A first-order autoregression: each value is `rho` of the last, and noise. */
function autoregression(rho: number, rows: number, seed: number): Float32Array {
  const random = new Random(seed);
  let x = 0;
  return Float32Array.from({ length: rows }, () => {
    x = rho * x + random.normal() * Math.sqrt(1 - rho * rho);
    return x;
  });
}

test('a column is parted at its quantiles into bins of equal share, and what is unknown has one of its own', () => {
  const rows = Float32Array.from({ length: 1_600 }, (_, i) => (i % 10 === 9 ? NaN : i));
  const { shares, edges } = makeReference(rows, 1, [1]);
  for (let bin = 0; bin < 16; bin++) assert.ok(Math.abs(shares[bin]! - 0.9 / 16) < 1.1 / 1_600);
  assert.ok(Math.abs(shares[BINS - 1]! - 0.1) < 1e-6);
  assert.equal(binOf(edges, 0, -1), 0);
  assert.equal(binOf(edges, 0, 1e9), 15);
  assert.equal(binOf(edges, 0, NaN), BINS - 1);
});

test('a column of two values has two bins', () => {
  const rows = Float32Array.from({ length: 1_000 }, (_, i) => (i % 4 === 0 ? 1 : 0));
  const { shares } = makeReference(rows, 1, [1]);
  assert.deepEqual([...shares].map((share) => Number(share.toFixed(6))).slice(0, 3), [0.75, 0.25, 0]);
});

test('independent rows count as one observation each, and those of an autoregression as many as its autocorrelation leaves', () => {
  const alone: number[] = [];
  const slow: number[] = [];
  for (let seed = 1; seed <= 20; seed++) {
    alone.push(makeReference(autoregression(0, 8_000, seed), 1, [1]).spacing[0]!);
    slow.push(makeReference(autoregression(0.9, 8_000, seed), 1, [1]).spacing[0]!);
  }
  const mean = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0) / numbers.length;
  // Of the share below the median, 1 + 2 Σ (2/π) asin 0.9^k = 13.3 rows; the widest of three estimates errs above it.
  assert.ok(mean(slow) > 11 && mean(slow) < 20, `${mean(slow)}`);
  assert.ok(mean(alone) >= 1 && mean(alone) < 1.6, `${mean(alone)}`);
});

test('rows that share the data of a window count no more than twice for each of its lengths', () => {
  assert.equal(makeReference(autoregression(0, 8_000, 1), 1, [200]).spacing[0], 100);
});

test('facts come back from bytes as they were, at any place in a buffer, and not for another number of columns', () => {
  const rows = autoregression(0.5, 3_000, 3);
  const facts = {
    inputs: makeReference(rows, 3, [1, 2, 3]),
    anomaly: makeReference(rows, 1, [1]),
    promised: [0.5, 0, 0.25],
  };
  const bytes = encodeFacts(facts);
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  assert.deepEqual(decodeFacts(shifted.subarray(1), 3), facts);
  assert.equal(decodeFacts(bytes, 4), undefined);
  assert.equal(decodeFacts(bytes.subarray(4), 3), undefined);
});
