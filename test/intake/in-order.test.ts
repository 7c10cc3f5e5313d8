import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SuhoError } from '../../engine/errors.js';
import type { IntakeResult, PublishedBars, PublishedQuotes } from '../../engine/intake/intake.js';
import { Random } from '../../engine/learning/random.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';

const MINUTE = 60_000;
const bars = inventedBars(400, { lengthMs: MINUTE });

/** Requests as a broker may deliver them: in order, repeated, late, off the grid, empty, of another timeframe; quotes between. */
function requestsOf(symbol: string, random: Random): (PublishedBars | PublishedQuotes)[] {
  const about = { tenantId: 'acme', symbol, signalTimeframes: [] };
  let next = 0;
  return Array.from({ length: 120 }, () => {
    const roll = random.next();
    const count = 1 + Math.floor(random.next() * 4);
    const from = roll < 0.6 ? next : Math.max(0, next - Math.floor(random.next() * 6));
    const some = bars.slice(from, from + count);
    if (roll > 0.9) return { ...about, timeframe: '5m' as const, bars: some };
    if (roll > 0.86) return { ...about, timeframe: '1m' as const, bars: [] };
    if (roll > 0.8)
      return {
        ...about,
        quotes: some.map(({ openTime, close }) => ({
          ts: openTime + 30_000,
          bid: close,
          ask: close,
          bidSize: NaN,
          askSize: NaN,
        })),
      };
    next = Math.max(next, from + count);
    const shifted = roll > 0.74 ? some.map((bar) => ({ ...bar, openTime: bar.openTime + 7 })) : some;
    return { ...about, timeframe: '1m' as const, bars: shifted };
  });
}

const failureOf = (error: unknown): string => {
  assert.ok(error instanceof SuhoError);
  return error.code;
};

/**
 * What is comparable of an answer. A bar of a minute that quotes began is late until that minute is closed, and then in
 * conflict with what it became: which of both depends on when it is asked.
 */
function comparable(answer: unknown): unknown {
  if (typeof answer === 'string') return answer;
  const { accepted, duplicates, skipped, rejected } = answer as IntakeResult;
  return { accepted, duplicates, skipped: skipped.map(({ index }) => index), rejected };
}

test('requests taken together fare as they would one after the other, wherever one of them fails', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t), { tenants: [{ id: 'acme' }] });
  for (let seed = 1; seed <= 5; seed++) {
    const alone: unknown[] = [];
    for (const request of requestsOf(`A${seed}`, new Random(seed)))
      alone.push(
        await (
          'bars' in request ? engine.intake.publishBars(request) : engine.intake.publishQuotes(request)
        ).catch(failureOf),
      );
    const together: unknown[] = [];
    const waiting = requestsOf(`B${seed}`, new Random(seed));
    while (waiting.length > 0) {
      const results: unknown[] = await engine.intake
        .publishInOrder(waiting)
        .catch((error: unknown) => [failureOf(error)]);
      assert.ok(results.length > 0);
      together.push(...results);
      waiting.splice(0, results.length);
    }
    assert.deepEqual(together.map(comparable), alone.map(comparable));
    assert.ok(alone.some((result) => result === 'BAD_INPUT'));
    await engine.settled();
    const series = (symbol: string): string => `acme@published/${symbol}${seed}/1m`;
    assert.equal(engine.instruments.barsOf(series('B')), engine.instruments.barsOf(series('A')));
    assert.ok(engine.instruments.barsOf(series('A')) > 50);
  }
});
