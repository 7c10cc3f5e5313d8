import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { pino } from 'pino';
import type { Engine } from '../../engine/engine.js';
import { SuhoError } from '../../engine/errors.js';
import { seriesIdentity } from '../../engine/instruments/ids.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';

const HOUR = 3_600_000;
const SERIES = 'market/EURUSD/1h';
const bars = inventedBars(1_000, { momentum: 0.7, seed: 81 });
const closeOf = (index: number): number => bars[index]!.openTime + HOUR;

async function fed(engine: Engine): Promise<void> {
  const instrument = await engine.instruments.follow({
    feed: 'market',
    symbol: 'EURUSD',
    base: '1h',
    tenantId: 'default',
    timeframe: '1h',
  });
  engine.intake.ingestBars(instrument, bars);
  await engine.settled();
}

test('trainings of one series that are asked for at once are one model, and all who ask are told how far it is', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t));
  await fed(engine);
  const told: number[][] = [[], [], []];
  const trained = await Promise.all(
    told.map(async (own) => await engine.training.train(SERIES, closeOf(949), (done) => own.push(done))),
  );
  assert.equal(new Set(trained.map(({ record }) => record.version)).size, 1);
  for (const own of told) assert.deepEqual(own, [1, 2, 3]);
  assert.equal((await engine.registry.list(seriesIdentity(SERIES))).length, 1);
  const next = await engine.training.train(SERIES, closeOf(999));
  assert.notEqual(next.record.version, trained[0]!.record.version);
  assert.equal((await engine.registry.list(seriesIdentity(SERIES))).length, 2);

  const failed = await Promise.allSettled([
    engine.training.train('market/NONE/1h', closeOf(999)),
    engine.training.train('market/NONE/1h', closeOf(999)),
  ]);
  for (const each of failed)
    assert.ok(
      each.status === 'rejected' && each.reason instanceof SuhoError && each.reason.code === 'BAD_INPUT',
    );
  await assert.rejects(
    engine.training.train('market/NONE/1h', closeOf(999)),
    /Training needs/,
    'it is tried anew',
  );
});

test('an encoder that cannot be kept is replaced by a new one, and the log says why', async (t) => {
  const log: string[] = [];
  const engine = await openEngine(
    t,
    temporaryFolder(t),
    {},
    { waitForEvidence: true, log: pino({ level: 'warn' }, { write: (line: string) => void log.push(line) }) },
  );
  await fed(engine);
  const { record } = await engine.training.train(SERIES, closeOf(899));
  const kept = await engine.training.train(SERIES, closeOf(949));
  assert.equal(kept.record.encoderId, record.encoderId);
  assert.deepEqual(
    log.filter((line) => line.includes('encoder')),
    [],
  );
  writeFileSync(engine.artifacts.path(record.encoderId), 'damaged');
  const { record: last } = await engine.training.train(SERIES, closeOf(999));
  // The same bars would give the same file; these are others.
  assert.notEqual(last.encoderId, record.encoderId);
  const [line, ...others] = log.filter((each) => each.includes('encoder replaced'));
  assert.deepEqual(others, []);
  const said = JSON.parse(line!) as { seriesId: string; version: string; fault: string };
  assert.deepEqual([said.seriesId, said.version], [SERIES, kept.record.version]);
  assert.match(said.fault, /damaged/);
});
