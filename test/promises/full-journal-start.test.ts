import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../support/engine.js';
import { eventually } from '../support/served.js';
import { startEngine, type Started } from '../support/started.js';
import { FeatureStoreAway } from '../support/stores-away.js';

const config = {
  log: 'warn',
  drainSeconds: 1,
  journal: { maxMegabytes: 1.5 },
  training: { folds: 1 },
  simulator: { symbols: ['EURUSD'], historyBars: 1_000, speed: 360_000 },
};
const waits = /"code":"JOURNAL_FULL"[^\n]*the simulated feed waits/g;

/** A feed that hands on a bar every few milliseconds waits when nothing came of it for so long. */
const STANDING_MS = 5_000;

function countOf(pattern: RegExp, { output }: Started): number {
  return [...output().matchAll(pattern)].length;
}

/** Whether an engine whose feed had to wait has made no signal for {@link STANDING_MS}: it may have said so before it was looked at. */
function stands(started: Started): () => boolean {
  let signals = -1;
  let since = 0;
  return () => {
    const count = countOf(/ EURUSD /g, started);
    if (count !== signals) [signals, since] = [count, Date.now()];
    return Date.now() - since > STANDING_MS && countOf(waits, started) > 0;
  };
}

test('a journal smaller than the first history is prepared through, lives while full, and starts again full', async (t) => {
  const folder = temporaryFolder(t);
  const first = startEngine(t, folder, config);
  await eventually('it serves', () => first.output().includes('serving gRPC'), 300_000);
  assert.ok(countOf(waits, first) > 0, 'the history did not fit, so the feed waited');

  const away = new FeatureStoreAway(path.join(folder, 'data'));
  const before = countOf(waits, first);
  away.begin();
  await eventually('the running engine is full', () => countOf(waits, first) > before, 120_000);
  const signals = countOf(/ EURUSD /g, first);
  away.end();
  await eventually('signals come again', () => countOf(/ EURUSD /g, first) > signals + 3, 120_000);
  away.begin();
  await eventually('it is full again', stands(first), 120_000);
  first.child.kill('SIGKILL');
  await first.ended;

  away.end();
  // More is in the journal than it may hold, and there is one series more to follow.
  const series = ['simulated', 'polygon'].map((feed) => ({ feed, symbol: 'EURUSD', timeframe: '1h' }));
  const second = startEngine(t, folder, {
    ...config,
    journal: { maxMegabytes: 0.4 },
    tenants: [{ id: 'default', series }],
  });
  await eventually('it serves again', () => second.output().includes('serving gRPC'), 120_000);
  await eventually('it goes on', () => countOf(/ EURUSD /g, second) > 3, 120_000);
  second.child.kill('SIGTERM');
  assert.equal(await second.ended, 0, second.output());
});
