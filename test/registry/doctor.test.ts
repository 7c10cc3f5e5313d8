import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import { EmbeddedPostgres } from '../../engine/database/embedded-postgres.js';
import { applySchemas } from '../../engine/database/schemas.js';
import type { Finding } from '../../engine/ops/doctor.js';
import { FolderArtifactStore } from '../../engine/registry/folder-artifact-store.js';
import { PostgresModelRegistry } from '../../engine/registry/postgres-model-registry.js';
import { afterTest } from '../support/cleanup.js';
import { runCommand } from '../support/command.js';
import { inventedModel } from '../support/contracts.js';
import { temporaryFolder } from '../support/engine.js';
import { plainEncoder, plainPredictor } from '../support/models.js';

test('doctor names every registered model with the state of its files, and fails when one is bad', async (t) => {
  const folder = temporaryFolder(t);
  const server = new EmbeddedPostgres(path.join(folder, 'postgres'));
  await server.start();
  afterTest(t, () => server.stop());
  await applySchemas(server.connection);
  const store = new FolderArtifactStore(path.join(folder, 'artifacts'));
  const registry = new PostgresModelRegistry(server.connection);
  const files = new Map<string, string>();
  const models = [
    ['AUDUSD', 'v1.0.0', 'fs1-former'],
    ['EURUSD', 'v1.0.0', FEATURE_SET_VERSION],
    ['GBPUSD', 'v1.0.0', FEATURE_SET_VERSION],
    ['USDCHF', 'v1.0.0', 'fs1-former'],
    ['USDCHF', 'v1.1.0', FEATURE_SET_VERSION],
    ['USDJPY', 'v1.0.0', FEATURE_SET_VERSION],
  ] as const;
  for (const [i, [symbol, version, featureSetVersion]] of models.entries()) {
    const place = { tenantId: 'platform', model: symbol, version };
    const predictor = await store.put(place, plainPredictor(i));
    const encoder = await store.put(place, plainEncoder(i, symbol === 'USDJPY' ? NaN : 0));
    files.set(symbol, store.path(predictor.sha256));
    await registry.register({
      ...(version === 'v1.0.0'
        ? inventedModel('platform', version)
        : inventedModel('platform', version, 'v1.0.0')),
      symbol,
      featureSetVersion,
      modelId: predictor.sha256,
      encoderId: encoder.sha256,
    });
  }
  await registry.close();
  const doctor = async (): Promise<{ code: number | null; models: Finding[] }> => {
    const { code, stdout, stderr } = await runCommand(['doctor', '--json', '--data', folder]);
    assert.equal(stderr.includes('Error'), false, stderr);
    return {
      code,
      models: (JSON.parse(stdout) as Finding[]).filter(({ part }) => part.startsWith('model ')),
    };
  };
  const running = await doctor();
  assert.equal(running.code, 1);
  assert.deepEqual(
    running.models.map(({ state }) => state),
    ['warning', 'ok', 'ok', 'ok', 'ok', 'failed'],
  );
  const [former, , , replaced, current, bad] = running.models;
  assert.match(bad!.part, /USDJPY\/1h v1\.0\.0 \(platform, validated\)/);
  assert.match(bad!.found, /out of range/);
  for (const { found } of [former!, replaced!])
    assert.ok(
      found.includes(
        `it is withheld: it was trained on feature set fs1-former, and this engine computes ${FEATURE_SET_VERSION}`,
      ),
      found,
    );
  assert.match(former!.advice, /trains the series again by itself/);
  assert.match(replaced!.found, /a model of this feature set has replaced it/);
  assert.doesNotMatch(current!.found, /withheld/);
  // And where no engine runs on the folder.
  await server.stop();
  writeFileSync(files.get('GBPUSD')!, 'damaged');
  const stopped = await doctor();
  assert.deepEqual(
    stopped.models.map(({ state }) => state),
    ['warning', 'ok', 'failed', 'ok', 'ok', 'failed'],
  );
  assert.match(stopped.models[2]!.found, /damaged/);
});
