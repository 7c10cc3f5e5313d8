import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { armsOf } from '../../actors/signals/route-plan.js';
import { seriesIdentity } from '../../engine/instruments/ids.js';
import { PRIORITIES } from '../../engine/learning/retraining/triggers.js';
import type { ListedModel } from '../../engine/registry/model-registry.js';
import { WeaviatePatternIndex } from '../../engine/patterns/weaviate-pattern-index.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';
import { eventually } from '../support/served.js';
import { startServer } from '../support/servers.js';

const SERIES = 'market/EURUSD/1h';
const HOUR = 3_600_000;
const WAIT_MS = 240_000;
/** Longer than plans take to follow the registry. */
const SOME_LOOKS_MS = 6_000;
const bars = inventedBars(1_400, { momentum: 0.7, seed: 91 });

test('with moments in Weaviate, a model with a new encoder answers only when every moment is there in its embedding', async (t) => {
  const server = await startServer(t, 'weaviate');
  if (server === undefined) return;
  const url = `http://127.0.0.1:${server.port}`;
  const config = { weaviate: { url }, inference: { deadlineMs: 60_000 } };
  const engine = await openEngine(t, temporaryFolder(t), config, { waitForEvidence: false });
  const instrument = await engine.instruments.follow({
    feed: 'market',
    symbol: 'EURUSD',
    base: '1h',
    tenantId: 'default',
    timeframe: '1h',
  });
  engine.intake.ingestBars(instrument, bars.slice(0, 1_000));
  await engine.settled();
  await engine.training.train(SERIES, bars[999]!.openTime + HOUR);
  engine.intake.ingestBars(instrument, bars.slice(1_000, 1_300));
  await engine.settled();
  await engine.stored();

  // It takes no writes for now, as one that is restarted or overloaded.
  server.signal('SIGSTOP');
  await engine.retraining.request({
    seriesId: SERIES,
    cause: 'requested',
    reason: 'A test asks.',
    priority: PRIORITIES.requested,
    dataFrom: undefined,
    newEncoder: true,
  });
  const models = async (): Promise<ListedModel[]> => await engine.registry.list(seriesIdentity(SERIES));
  await eventually('it is to be tried', async () => (await models()).at(-1)!.status === 'shadow', WAIT_MS);
  const [old, fresh] = await models();
  assert.notEqual(fresh!.embeddingVersion, old!.embeddingVersion);
  const partition = engine.evidence.partition('default', 'EURUSD', '1h', fresh!.embeddingVersion);
  const name = `default|${fresh!.embeddingVersion}|EURUSD|1h`;
  const journalled = (): number =>
    [...engine.journal.moments.of(name)].filter(([, { resolvedAt }]) => resolvedAt > 0).length;
  const answers = (): boolean =>
    armsOf(engine.instruments.routeOf('default', SERIES)!).some(({ version }) => version === fresh!.version);
  await eventually('the journal has the moments', () => journalled() > 1_000, WAIT_MS);
  await pause(SOME_LOOKS_MS);
  assert.equal(answers(), false, 'Weaviate does not have them');
  server.signal('SIGCONT');
  await eventually('it is an arm', answers, WAIT_MS);
  const index = new WeaviatePatternIndex({ url, apiKey: undefined, anomalyFrom: 1 });
  assert.ok(
    (await index.size(partition)) >= journalled(),
    `${await index.size(partition)} of ${journalled()}`,
  );

  // A model that is put into use at once waits for them like that too.
  engine.intake.ingestBars(instrument, bars.slice(1_300));
  await engine.settled();
  await engine.stored();
  const served = (): string => engine.instruments.routeOf('default', SERIES)!.version;
  const before = served();
  server.signal('SIGSTOP');
  // Without the file of its encoder a training makes another.
  writeFileSync(engine.artifacts.path(fresh!.encoderId), 'damaged');
  const { record } = await engine.training.train(SERIES, bars.at(-1)!.openTime + HOUR);
  assert.ok(![old, fresh].some((model) => model!.embeddingVersion === record.embeddingVersion));
  await pause(SOME_LOOKS_MS);
  assert.equal(served(), before, 'Weaviate does not have its moments');
  server.signal('SIGCONT');
  await eventually('it serves', () => served() === record.version, WAIT_MS);
});
