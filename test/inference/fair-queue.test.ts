import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FairQueue, type Place } from '../../engine/inference/fair-queue.js';

const queueOf = (
  jobs: readonly (readonly [tenant: string, model: string, count: number])[],
): FairQueue<string> => {
  const queue = new FairQueue<string>({ max: 1_000_000 });
  for (const [tenant, model, count] of jobs)
    for (let i = 0; i < count; i++) queue.offer(tenant, model, `${tenant}${model}${i}`);
  return queue;
};

test('a row that comes after 500 of another tenant goes with the second batch', () => {
  const queue = queueOf([
    ['a', 'x', 500],
    ['b', 'y', 1],
  ]);
  assert.equal(queue.take(64).length, 64);
  assert.deepEqual(queue.take(64), ['by0']);
  assert.deepEqual(queue.next(), { model: 'x', waiting: 436 });
});

test('a tenant with many models has one turn, as a tenant with one has', () => {
  const queue = queueOf([
    ...Array.from({ length: 50 }, (_, i) => ['a', `m${i}`, 3] as const),
    ['b', 'y', 130],
  ]);
  const turns = Array.from({ length: 6 }, () => queue.take(64)[0]!);
  assert.deepEqual(turns, ['am00', 'by0', 'am10', 'by64', 'am20', 'by128']);
});

test('a batch of a model that tenants share takes a row of each in turn and is full', () => {
  const queue = queueOf([
    ['a', 'x', 500],
    ['b', 'x', 2],
    ['c', 'x', 1],
  ]);
  const batch = queue.take(8);
  assert.deepEqual(batch, ['ax0', 'bx0', 'cx0', 'ax1', 'bx1', 'ax2', 'ax3', 'ax4']);
});

test('a job that a second tenant waits for too goes at whichever turn comes first, once', () => {
  const queue = queueOf([
    ['a', 'x', 300],
    ['a', 'y', 200],
  ]);
  const { place } = queue.offer('a', 'y', 'ay200');
  queue.join('b', place!);
  assert.equal(queue.take(64).includes('ay200'), false);
  const second = queue.take(64);
  assert.ok(second.includes('ay200'), 'its place is that of b, which holds nothing else');
  assert.equal(queue.size, 501 - 128);
  assert.equal(queue.clear().includes('ay200'), false);
});

test('at the limit the tenant below its share gets in for the oldest row of the one that holds most', () => {
  const queue = new FairQueue<string>({ max: 10 });
  for (let i = 0; i < 10; i++) assert.ok(queue.offer('a', 'x', `a${i}`).place);
  assert.deepEqual(queue.offer('a', 'x', 'a10'), { place: undefined });
  for (let i = 0; i < 5; i++) assert.equal(queue.offer('b', 'y', `b${i}`).pushedOut, `a${i}`);
  assert.equal(queue.offer('b', 'y', 'b5').place, undefined, 'half is its share');
  assert.equal(queue.offer('a', 'x', 'a10').place, undefined);
  assert.equal(queue.offer('c', 'z', 'c0').pushedOut, 'a5');
  assert.equal(queue.size, 10);
});

test('whatever comes, each accepted job leaves once, the limit holds and no tenant waits more turns than there are tenants', () => {
  const step = fc.oneof(
    fc.record({ tenant: fc.nat({ max: 4 }), model: fc.nat({ max: 2 }) }),
    fc.record({ take: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ join: fc.nat({ max: 4 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new FairQueue<{ id: number; tenant: string }>({ max: 20 });
      const waiting = new Map<{ id: number; tenant: string }, Place<{ id: number; tenant: string }>>();
      const sinceServed = new Map<string, number>();
      const leave = (job: { id: number; tenant: string }): void =>
        assert.ok(waiting.delete(job), 'it left before');
      steps.forEach((action, id) => {
        if ('tenant' in action) {
          const job = { id, tenant: `t${action.tenant}` };
          const { place, pushedOut } = queue.offer(job.tenant, `m${action.model}`, job);
          if (place !== undefined) waiting.set(job, place);
          if (pushedOut !== undefined) leave(pushedOut);
        } else if ('join' in action) {
          const [place] = waiting.values();
          if (place !== undefined) queue.join(`t${action.join}`, place);
        } else {
          const batch = queue.take(action.take);
          batch.forEach(leave);
          const served = new Set(batch.map(({ tenant }) => tenant));
          for (const tenant of new Set([...waiting.keys()].map((job) => job.tenant))) {
            const turns = served.has(tenant) ? 0 : (sinceServed.get(tenant) ?? 0) + 1;
            sinceServed.set(tenant, turns);
            assert.ok(turns <= 5, `${tenant} waited ${turns} turns`);
          }
        }
        assert.equal(queue.size, waiting.size);
        assert.ok(queue.size <= 20);
      });
      queue.clear().forEach(leave);
      assert.equal(waiting.size, 0);
      assert.equal(queue.next(), undefined);
    }),
  );
});
