import type { TestContext } from 'node:test';
import { EmbeddedPostgres } from '../../engine/database/embedded-postgres.js';
import { applySchemas } from '../../engine/database/schemas.js';
import { PostgresPredictionStore } from '../../engine/prediction-store/postgres-prediction-store.js';
import { afterTest } from './cleanup.js';
import { temporaryFolder } from './engine.js';

/** An embedded PostgreSQL with its schemas and a store of predictions on it, both ended with the test. */
export async function embeddedPredictions(
  t: TestContext,
): Promise<{ readonly server: EmbeddedPostgres; readonly store: PostgresPredictionStore }> {
  const server = new EmbeddedPostgres(temporaryFolder(t));
  afterTest(t, () => server.stop());
  await server.start();
  await applySchemas(server.connection);
  const store = new PostgresPredictionStore(server.connection);
  afterTest(t, async () => await store.close());
  return { server, store };
}
