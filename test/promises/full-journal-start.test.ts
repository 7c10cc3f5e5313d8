import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { afterTest } from '../support/cleanup.js';
import { startCommand } from '../support/command.js';
import { temporaryFolder } from '../support/engine.js';
import { eventually } from '../support/served.js';
import { FeatureStoreAway } from '../support/stores-away.js';

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

/** Starts `suho start` on a small journal and a simulated market; `log` decides what it writes of itself. */
function start(t: TestContext, folder: string, config: object): Started {
  const file = path.join(folder, 'config.json');
  writeFileSync(file, JSON.stringify(config));
  const child = startCommand(['start', '--config', file, '--data', path.join(folder, 'data'), '--port', '0']);
  afterTest(t, () => child.kill('SIGKILL'));
  let output = '';
  child.stdout!.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr!.on('data', (text: Buffer) => (output += text.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, output: () => output, ended };
}

const config = {
  log: 'warn',
  drainSeconds: 1,
  journal: { maxMegabytes: 1.5 },
  training: { folds: 1 },
  simulator: { symbols: ['EURUSD'], historyBars: 1_000, speed: 360_000 },
};
const waits = /"code":"JOURNAL_FULL"[^\n]*the simulated feed waits/g;

function countOf(pattern: RegExp, { output }: Started): number {
  return [...output().matchAll(pattern)].length;
}

test('a journal smaller than the first history is prepared through, lives while full, and starts again full', async (t) => {
  const folder = temporaryFolder(t);
  const first = start(t, folder, config);
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
  const again = countOf(waits, first);
  await eventually('it is full again', () => countOf(waits, first) > again, 120_000);
  first.child.kill('SIGKILL');
  await first.ended;

  away.end();
  // More is in the journal than it may hold, and there is one series more to follow.
  const series = ['simulated', 'polygon'].map((feed) => ({ feed, symbol: 'EURUSD', timeframe: '1h' }));
  const second = start(t, folder, {
    ...config,
    journal: { maxMegabytes: 0.4 },
    tenants: [{ id: 'default', series }],
  });
  await eventually('it serves again', () => second.output().includes('serving gRPC'), 120_000);
  await eventually('it goes on', () => countOf(/ EURUSD /g, second) > 3, 120_000);
  second.child.kill('SIGTERM');
  assert.equal(await second.ended, 0, second.output());
});
