import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { EMBEDDING } from '../../engine/inference/slab.js';
import { Random } from '../../engine/learning/random.js';
import { VectorStore } from '../../engine/patterns/vector-store.js';

const inner = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);

/** Places of the largest products, by sorting all of them. */
function sorted(vectors: readonly Float32Array[], query: Float32Array, k: number): number[] {
  return vectors
    .map((vector, place) => [place, inner(vector, query)] as const)
    .sort(([, a], [, b]) => b - a)
    .slice(0, k)
    .map(([place]) => place);
}

test('the nearest vectors are those that sorting finds, however many came and went', () => {
  const step = fc.oneof(
    fc.record({ add: fc.integer({ min: 1, max: 200 }) }),
    fc.record({ drop: fc.double({ min: 0, max: 1, noNaN: true }) }),
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 12 }),
      fc.nat(),
      fc.integer({ min: 1, max: 70 }),
      (steps, seed, k) => {
        const random = new Random(seed);
        const make = (): Float32Array => Float32Array.from({ length: EMBEDDING }, () => random.normal());
        // Another store's vectors lie between, and its blocks come back.
        const other = new VectorStore();
        const store = new VectorStore();
        const kept: Float32Array[] = [];
        for (const each of steps) {
          if ('add' in each) {
            for (let i = 0; i < each.add; i++) {
              kept.push(make());
              store.push(kept.at(-1)!);
              other.push(make());
            }
          } else {
            const dropped = Math.floor(each.drop * kept.length);
            kept.splice(0, dropped);
            store.dropOldest(dropped);
            other.close();
          }
        }
        const query = make();
        assert.equal(store.size, kept.length);
        const visible = Math.floor(kept.length * random.next());
        const { places, products } = store.nearest(query, k, visible);
        const expected = sorted(kept.slice(0, visible), query, k);
        assert.deepEqual([...places], expected);
        products.forEach((product, i) => {
          assert.ok(Math.abs(product - inner(kept[expected[i]!]!, query)) < 1e-4);
          assert.deepEqual(store.at(places[i]!), kept[expected[i]!]);
        });
        store.close();
        other.close();
      },
    ),
  );
});

test('of equal vectors the one that came first is nearer', () => {
  const store = new VectorStore();
  const vector = new Float32Array(EMBEDDING).fill(0.1);
  for (let i = 0; i < 200; i++) store.push(vector);
  assert.deepEqual([...store.nearest(vector, 5, 200).places], [0, 1, 2, 3, 4]);
  store.close();
});

test('the module that runs is the one that was written', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'suho-wasm-'));
  try {
    execFileSync(process.execPath, ['scripts/write-wasm.mjs', folder]);
    const name = path.join('engine', 'patterns', 'inner-products-module.ts');
    assert.equal(readFileSync(path.join(folder, name), 'utf8'), readFileSync(name, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
