import { existsSync } from 'node:fs';
import path from 'node:path';
import type pg from 'pg';
import type { Config } from '../config.js';
import { EmbeddedPostgres } from '../database/embedded-postgres.js';
import { messageOf } from '../errors.js';
import { ModelTrials } from '../inference/model-trials.js';
import type { ArtifactStore } from '../registry/artifact-store.js';
import { FolderArtifactStore } from '../registry/folder-artifact-store.js';
import { PostgresModelRegistry, type RegisteredModel } from '../registry/postgres-model-registry.js';
import { S3ArtifactStore } from '../registry/s3-artifact-store.js';

/** What is known of one registered model's files. */
export interface ModelFinding {
  readonly model: RegisteredModel;
  /** What is wrong, undefined when the files are whole and both models run as the contract says. */
  readonly fault: string | undefined;
}

/**
 * Fetches, verifies and tries the files of every registered model that is not archived. Undefined when there is no
 * registry to ask: nothing has run on the data folder yet. A data folder's own registry is asked where an engine runs
 * on it, and started for the moment where none does.
 */
export async function checkModels(config: Config): Promise<ModelFinding[] | undefined> {
  const { postgres, data } = config;
  const url = postgres.adminUrl ?? postgres.url;
  if (url !== undefined) return await checkRegistry({ connectionString: url }, config);
  const room = path.join(data, 'postgres');
  if (!existsSync(path.join(room, 'cluster', 'PG_VERSION'))) return undefined;
  const running = EmbeddedPostgres.runningOn(room);
  if (running !== undefined) return await checkRegistry(running, config);
  const server = new EmbeddedPostgres(room);
  try {
    await server.start();
    return await checkRegistry(server.connection, config);
  } finally {
    await server.stop();
  }
}

async function checkRegistry(connection: pg.PoolConfig, config: Config): Promise<ModelFinding[]> {
  const registry = new PostgresModelRegistry(connection);
  const trials = new ModelTrials();
  const artifacts = openArtifacts(config);
  try {
    const findings: ModelFinding[] = [];
    for (const model of await registry.all(config.tenants.map(({ id }) => id)))
      findings.push({ model, fault: await faultOf(model, artifacts, trials) });
    return findings;
  } finally {
    artifacts.close();
    await Promise.all([registry.close(), trials.close()]);
  }
}

async function faultOf(
  { tenantId, name, version, modelId, encoderId }: RegisteredModel,
  artifacts: ArtifactStore,
  trials: ModelTrials,
): Promise<string | undefined> {
  const place = { tenantId, model: name, version };
  try {
    const [predictor, encoder] = await Promise.all(
      [modelId, encoderId].map(async (sha256) => {
        await artifacts.fetch(place, sha256);
        return { sha256, path: artifacts.path(sha256) };
      }),
    );
    await trials.run({ predictor: predictor!, encoder: encoder! });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function openArtifacts({ data, artifacts: { uri, ...settings } }: Config): ArtifactStore {
  const folder = new FolderArtifactStore(path.join(data, 'artifacts'));
  return uri === undefined ? folder : new S3ArtifactStore(folder, { uri, ...settings });
}
