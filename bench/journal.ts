import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Bar } from '../actors/market/bar.js';
import { Journal } from '../engine/journal/journal.js';
import { packBars } from '../engine/journal/records.js';
import { inventedBars } from '../test/support/markets.js';
import { report } from './report.js';

/** Durable commits of one bar each, one after the other, and of many at once. */
export async function benchJournal(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'suho-bench-'));
  const journal = Journal.open(folder, 1e9);
  const bars = inventedBars(20_000);
  const append = (bar: Bar): number =>
    journal.inputs.append({ kind: 'bars', instrument: 'i', numbers: packBars([bar]) });
  const times: number[] = [];
  for (const bar of bars.slice(0, 1_000)) {
    const start = performance.now();
    append(bar);
    await journal.durable();
    times.push(performance.now() - start);
  }
  const start = performance.now();
  for (const bar of bars) append(bar);
  await journal.durable();
  const perSecond = (bars.length / (performance.now() - start)) * 1000;
  await journal.close();
  rmSync(folder, { recursive: true, force: true });
  times.sort((a, b) => a - b);
  const [p50, p99] = [times[500]!, times[990]!];
  report(
    'journal',
    [
      `one bar, durable: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms; ${perSecond.toFixed(0)} bars/s when they come together`,
    ],
    { p50, p99, perSecond },
  );
}
