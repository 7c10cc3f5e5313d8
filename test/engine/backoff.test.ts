import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Backoff } from '../../engine/backoff.js';

/** A clock that jumps to what is due next. */
class VirtualClock {
  nowMs = 0;
  readonly #due: { at: number; run: () => void }[] = [];

  setTimeout(run: () => void, delayMs: number): { cancel(): void } {
    const entry = { at: this.nowMs + delayMs, run };
    this.#due.push(entry);
    return { cancel: () => void this.#due.splice(this.#due.indexOf(entry), 1) };
  }

  get pending(): number {
    return this.#due.length;
  }

  async advance(): Promise<void> {
    const next = this.#due.sort((a, b) => a.at - b.at).shift();
    assert.ok(next);
    this.nowMs = next.at;
    next.run();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('delays double from the first to the longest, and begin again after a success', async () => {
  const clock = new VirtualClock();
  const backoff = new Backoff({
    initialMs: 100,
    maxMs: 500,
    clock,
    random: () => 0.999_999_999,
  });
  const next = async (): Promise<number> => {
    const before = clock.nowMs;
    const waiting = backoff.wait();
    await clock.advance();
    assert.equal(await waiting, true);
    return Math.round(clock.nowMs - before);
  };
  assert.deepEqual(
    [await next(), await next(), await next(), await next(), await next()],
    [100, 200, 400, 500, 500],
  );
  backoff.reset();
  assert.deepEqual([await next(), await next()], [100, 200]);
});

test('every delay lies between half and the whole of its step, whatever is drawn', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
        minLength: 1,
        maxLength: 12,
      }),
      async (draws) => {
        const clock = new VirtualClock();
        let drawn = 0;
        const backoff = new Backoff({
          initialMs: 10,
          maxMs: 1_000,
          clock,
          random: () => draws[drawn++]!,
        });
        for (let i = 0; i < draws.length; i++) {
          const before = clock.nowMs;
          const waiting = backoff.wait();
          await clock.advance();
          await waiting;
          const step = Math.min(1_000, 10 * 2 ** i);
          const delayMs = clock.nowMs - before;
          assert.ok(delayMs >= step / 2 - 1e-6 && delayMs <= step + 1e-6, `${delayMs} of ${step}`);
        }
      },
    ),
    { numRuns: 50 },
  );
});

test('stop ends a wait at once, leaves no timer, and later waits give up without one', async () => {
  const clock = new VirtualClock();
  const backoff = new Backoff({ initialMs: 100, maxMs: 500, clock });
  const waiting = backoff.wait();
  assert.equal(clock.pending, 1);
  backoff.stop();
  assert.equal(await waiting, false);
  assert.equal(clock.pending, 0);
  assert.equal(await backoff.wait(), false);
  assert.equal(clock.pending, 0);
});
