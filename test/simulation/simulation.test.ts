import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from './simulation.js';

/** Another with SUHO_SEED=N npm test; more hours, over fresh seeds, by npm run simulate. */
const seed = Number(process.env['SUHO_SEED'] ?? 1);
const HOURS = Number(process.env['SUHO_HOURS'] ?? 200);

test(`${HOURS} hours of crashes, absent stores, poison, purges and restarts change nothing (SUHO_SEED=${seed})`, async (t) => {
  const report = await simulate(HOURS, seed);
  t.diagnostic(JSON.stringify(report));
  assert.ok(report.crashes > HOURS / 10, 'it crashed often enough to mean something');
  assert.ok(report.signals > HOURS, 'signals were made');
  assert.ok(report.received > report.signals, 'clients got them');
});

test('a seed replays bit for bit', async () => {
  const [first, second] = [await simulate(30, 4_711), await simulate(30, 4_711)];
  assert.deepEqual(first, second);
  assert.notEqual((await simulate(30, 4_712)).fingerprint, first.fingerprint);
});
