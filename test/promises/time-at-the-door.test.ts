import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bars, served } from '../support/api.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';
import { KEY, STORES_AWAY } from '../support/served.js';

const MINUTE = 60_000;
const minutes = inventedBars(200, { seed: 61, lengthMs: MINUTE });
const quick = { ...STORES_AWAY, drainSeconds: 0.1 };
const request = { tenantId: 'default', symbol: 'EURUSD', signalTimeframes: [] } as const;

/** A true time as people get it wrong: in seconds, micro- or nanoseconds, of another age, far ahead. */
const wrongTimes = fc.oneof(
  fc.constantFrom(1e-3, 1e3, 1e6, -1, 0).map((factor) => (ts: number) => Math.round(ts * factor)),
  fc
    .integer({ min: 2, max: 8_000 })
    .map((days) => () => Math.floor(Date.now() / MINUTE) * MINUTE + days * 86_400_000),
  fc.integer({ min: 1, max: 19 }).map((years) => () => Date.UTC(1990 - years, 0, 1)),
  fc.constantFrom(253_402_300_800_000, 8.64e15).map((ts) => () => ts),
);

test('one bar or quote of an implausible time is refused alone, and every true one after it is taken, also after a restart', async (t) => {
  const folder = temporaryFolder(t);
  let engine = await openEngine(t, folder, quick, {});
  let next = 0;
  await fc.assert(
    fc.asyncProperty(wrongTimes, fc.boolean(), async (wrong, asQuote) => {
      const bar = minutes[next++]!;
      const ts = wrong(bar.openTime);
      const quote = { ts, bid: 1, ask: 1.1, bidSize: NaN, askSize: NaN };
      const refused = asQuote
        ? await engine.intake.publishQuotes({ ...request, quotes: [quote] })
        : await engine.intake.publishBars({ ...request, timeframe: '1m', bars: [{ ...bar, openTime: ts }] });
      assert.equal(refused.accepted, 0);
      assert.match(refused.rejected[0]!.reason, /^(implausible_time|bad_time)$/);
      const among = await engine.intake.publishBars({
        ...request,
        timeframe: '1m',
        bars: [{ ...bar, openTime: ts }, bar],
      });
      assert.deepEqual([among.accepted, among.late], [1, 0], `after ${ts}`);
    }),
    { numRuns: 100 },
  );
  await engine.stop();
  engine = await openEngine(t, folder, quick, {});
  const { accepted } = await engine.intake.publishBars({
    ...request,
    timeframe: '1m',
    bars: minutes.slice(next, next + 5),
  });
  assert.equal(accepted, 5);
});

test('a client is told the index and the reason of an implausible time, and follows nothing by it', async (t) => {
  const { client, engine } = await served(t);
  const [bar] = bars;
  const wrong = [bar!.openTime * 1_000, bar!.openTime / 1_000].map((openTime) => ({ ...bar!, openTime }));
  const publish = async (rows: readonly (typeof wrong)[number][]) => await client.publish(rows, KEY);
  const refused = await publish(wrong);
  assert.equal(refused.accepted, 0);
  assert.deepEqual(
    refused.rejected.map(({ index, reason }) => [index, reason]),
    [
      [0, 'implausible_time'],
      [1, 'implausible_time'],
    ],
  );
  assert.deepEqual([...engine.instruments.all()], [], 'a message without a usable row makes nothing');
  assert.equal((await publish(bars.slice(0, 20))).accepted, 20);
});
