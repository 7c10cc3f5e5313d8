import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { EMBEDDING } from '../../engine/inference/slab.js';
import { runCommand } from '../support/command.js';
import { temporaryFolder } from '../support/engine.js';

const HOUR = 3_600_000;

function line(hour: number, angle: number): string {
  // On a circle in two dimensions: the cosine of two is that of their angle.
  const vector = Array.from({ length: EMBEDDING }, (_, i) =>
    i === 0 ? Math.cos(angle) : i === 1 ? Math.sin(angle) : 0,
  );
  return JSON.stringify({
    tenant_id: 'acme',
    embedding_version: 'e1',
    symbol: 'EURUSD',
    timeframe: '1h',
    close_time: hour * HOUR,
    resolved_at: (hour + 24) * HOUR,
    vector,
    directions: [1, 1, -1],
    returns: [0.001, 0.002, -0.003],
  });
}

test('patterns are imported, counted and searched; a wrong line is named and nothing past it is taken', async (t) => {
  const folder = temporaryFolder(t);
  const data = path.join(folder, 'data');
  const file = path.join(folder, 'patterns.jsonl');
  writeFileSync(file, Array.from({ length: 50 }, (_, i) => line(100 * (i + 1), i / 10)).join('\n'));
  const run = async (...args: string[]) => await runCommand(['patterns', ...args, '--data', data]);
  const first = await run('import', file, '--json');
  assert.deepEqual(JSON.parse(first.stdout), { read: 50, added: 50 }, first.stderr);
  assert.deepEqual(JSON.parse((await run('import', file, '--json')).stdout), { read: 50, added: 0 });
  const stats = await run('stats', '--json');
  assert.deepEqual(JSON.parse(stats.stdout), [
    { tenantId: 'acme', embeddingVersion: 'e1', symbol: 'EURUSD', timeframe: '1h', known: 50, open: 0 },
  ]);
  const search = ['search', '--tenant', 'acme', '--symbol', 'EUR/USD', '--timeframe', '1h', '--count', '3'];
  const found = await run(...search, '--at', new Date(2_000 * HOUR).toISOString(), '--json');
  // The 20th moment; the 19th, 18th and 17th are known by then, at 0.1, 0.2 and 0.3 from it.
  const nearest = JSON.parse(found.stdout) as { close_time: number; similarity: number }[];
  assert.deepEqual(
    nearest.map(({ close_time: time }) => time / HOUR),
    [1_900, 1_800, 1_700],
  );
  nearest.forEach(({ similarity }, i) => assert.ok(Math.abs(similarity - Math.cos((i + 1) / 10)) < 1e-5));
  const shown = await run(...search, '--at', new Date(2_000 * HOUR).toISOString());
  assert.match(shown.stdout, /0\.9950.*0\.100 %/);
  assert.equal((await run(...search, '--at', '2024-01-01')).code, 2);
  assert.equal((await run('copy', '--to', 'weaviate')).code, 2);

  // Of another symbol, nearer than any of its own.
  writeFileSync(file, line(1_950, 1.91).replace('"EURUSD"', '"GBPUSD"'));
  assert.equal((await run('import', file)).code, 0);
  const at = new Date(2_000 * HOUR).toISOString();
  const wide = await run(...search, '--at', at, '--related', 'GBP/USD', '--json');
  assert.deepEqual(
    (JSON.parse(wide.stdout) as { symbol: string; close_time: number }[]).map(
      ({ symbol, close_time: time }) => `${symbol} ${time / HOUR}`,
    ),
    ['GBPUSD 1950', 'EURUSD 1900', 'EURUSD 1800'],
  );

  writeFileSync(file, `${line(9_000, 0)}\n${line(9_100, 0).replace('"acme"', '"a|b"')}\n`);
  const wrong = await run('import', file);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /Line 2 of .*tenant_id/);
});
