import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TransientMap } from '../../engine/transient-map.js';

test('a map whose entries move now and then holds what any map would', () => {
  const step = fc.record({
    key: fc.nat(3_000),
    leaves: fc.boolean(),
    times: fc.integer({ min: 1, max: 700 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const [ours, theirs] = [new TransientMap<number, string>(), new Map<number, string>()];
      for (const { key, leaves, times } of steps)
        for (let i = key; i < key + times; i++) {
          for (const map of [ours, theirs]) {
            if (leaves) map.delete(i);
            else map.set(i, `${key}`);
          }
          assert.equal(ours.size, theirs.size);
          assert.equal(ours.get(i), theirs.get(i));
        }
      for (let i = 0; i < 3_700; i++) assert.equal(ours.get(i), theirs.get(i));
    }),
  );
});
