import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barDefect } from '../../actors/market/bar.js';
import { quoteDefect } from '../../actors/market/quote.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import { SuhoError } from '../../engine/errors.js';
import { bufferSource } from '../../engine/files/byte-source.js';
import { timeDefect } from '../../engine/intake/plausible-time.js';
import { fuzzedFiles, mutatedFile } from '../support/file-mutation.js';
import { readFile } from '../support/market-files.js';

/** Mutated files; `SUHO_FUZZ_FILES=10000` for a longer run, which begins at `SUHO_SEED`. */
const FILES = Number(process.env['SUHO_FUZZ_FILES'] ?? 3_000);
const SEED = Number(process.env['SUHO_SEED'] ?? 1);
/** Fixed, so that a seed gives the same result tomorrow. */
const NOW = Date.UTC(2026, 10, 26);
/** Longer than a small file takes on a busy machine; a few of the Parquet files are decoded for ever. */
const PATIENCE_MS = 10_000;

/** Reads a file as it may be; whatever comes out has to be valid, and in order. Returns whether it was taken. */
async function isTaken(bytes: Buffer, timeframe: Timeframe | undefined, what: string): Promise<boolean> {
  const source = bufferSource('mutated', bytes);
  try {
    const { bars, quotes, lines, grid, report } = await readFile(source, {
      now: NOW,
      patienceMs: PATIENCE_MS,
      ...(timeframe === undefined ? {} : { timeframe }),
    });
    let last = -Infinity;
    for (const bar of bars) {
      assert.equal(timeDefect(bar.openTime, NOW) ?? barDefect(bar, grid), undefined, what);
      assert.ok(bar.openTime >= last && grid.closeOf(bar.openTime) <= NOW, `${what}: order`);
      last = grid.closeOf(bar.openTime);
    }
    for (const quote of quotes) {
      assert.equal(timeDefect(quote.ts, NOW) ?? quoteDefect(quote), undefined, what);
      assert.ok(quote.ts >= last && quote.ts <= NOW, `${what}: order`);
      last = quote.ts;
    }
    assert.ok(bars.length + quotes.length > 0, `${what}: an empty success`);
    assert.equal(report.taken, lines.length, what);
    assert.equal(report.taken + report.refused, report.rows, `${what}: every row is taken or counted`);
    const counted = report.refusals.reduce((sum, { count }) => sum + count, 0);
    assert.equal(counted, report.refused, what);
    assert.ok(
      report.refusals.every(({ line }) => line >= 1),
      what,
    );
    return true;
  } catch (error) {
    if (!(error instanceof SuhoError)) throw new Error(`${what}: ${String(error)}`, { cause: error });
    assert.match(error.message, /^[^\n]{10,1500}\.$/, `${what}: one sentence`);
    return false;
  }
}

test(`${FILES} damaged files: no crash, nothing invalid, no empty success`, async () => {
  const files = fuzzedFiles();
  const timeframes: readonly (Timeframe | undefined)[] = [undefined, '1m', '5m', '1h', '4h', '1d'];
  let taken = 0;
  for (let i = 0; i < FILES; i++) {
    const seed = SEED + i;
    const { name, bytes } = files[seed % files.length]!;
    const timeframe = timeframes[Math.floor(seed / files.length) % timeframes.length];
    const what = `seed ${seed} of ${name} as ${timeframe ?? 'any'}`;
    if (await isTaken(mutatedFile(bytes, seed), timeframe, what)) taken++;
  }
  // Were nearly all taken, or refused, the files would show nothing.
  assert.ok(taken > FILES / 20 && taken < FILES * 0.95, `${taken} of ${FILES} were taken`);
});
