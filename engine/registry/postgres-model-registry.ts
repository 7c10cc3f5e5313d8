import type pg from 'pg';
import type { WalkForwardEquity } from '../backtest/walk-forward-equity.js';
import { PLATFORM } from '../credentials/tenant-id.js';
import { Database, type Scope } from '../database/database.js';
import {
  MODEL_STATUSES,
  modelName,
  type Author,
  type ListedModel,
  type ModelRecord,
  type ModelRegistry,
  type ModelSeries,
  type TrainingRest,
} from './model-registry.js';
import { actOn, inRegistry } from './postgres-deployments.js';
import { FRAMEWORK, SELECT_MODELS, modelOf, ownerOf, scopeOf, type ModelRow } from './model-rows.js';

/** Kind of evaluation that is a {@link WalkForwardEquity}. */
const EQUITY = 'walk_forward_equity';

/** A registered model by name, and the files it consists of. */
export interface RegisteredModel {
  /** `platform` for everyone's. */
  readonly tenantId: string;
  /** Feed, symbol and timeframe. */
  readonly name: string;
  readonly version: string;
  readonly status: (typeof MODEL_STATUSES)[number];
  readonly modelId: string;
  readonly encoderId: string;
  /** The feature set it was trained on. */
  readonly featureSetVersion: string;
}

/** Models in PostgreSQL (schemas/02), which itself refuses wrong versions and illegal changes of status. */
export class PostgresModelRegistry implements ModelRegistry {
  readonly #database: Database;

  constructor(connection: pg.PoolConfig) {
    this.#database = new Database({ max: 2, ...connection });
  }

  async register(record: ModelRecord, { facts, equity }: TrainingRest = {}): Promise<boolean> {
    const owner = ownerOf(record);
    const name = modelName(record);
    return await this.#in(record, async (client) => {
      const { embeddingVersion, anomalyScale, primaryHorizon, edge } = record;
      const { trainedFrom, trainedThrough, rows, batchInvariant, sequenceVersion } = record;
      const { scores, folds, family, calibratedBy, tried, importance } = record;
      const { rows: made } = await client.query<{ model_id: string }>(
        `INSERT INTO ml_registry.models
           (tenant_id, user_id, name, version, architecture, framework, hyperparameters, feature_set_version, metrics,
            artifact_uri, artifact_sha256, encoder_uri, encoder_sha256, serving, training_facts, parent_model_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
           (SELECT model_id FROM ml_registry.models
            WHERE tenant_id IS NOT DISTINCT FROM $1 AND user_id IS NOT DISTINCT FROM $2 AND name = $3 AND version = $16))
         ON CONFLICT DO NOTHING RETURNING model_id`,
        [
          ...owner,
          name,
          record.version,
          record.architecture,
          FRAMEWORK,
          record.hyperparameters,
          record.featureSetVersion,
          { scores, folds, family, calibratedBy, tried, importance },
          record.artifactUri,
          record.modelId,
          record.encoderUri,
          record.encoderId,
          {
            embeddingVersion,
            anomalyScale,
            primaryHorizon,
            edge,
            trainedFrom,
            trainedThrough,
            rows,
            batchInvariant,
            ...(record.trainedOn === undefined ? {} : { trainedOn: record.trainedOn }),
            sequenceVersion,
          },
          facts === undefined ? null : Buffer.from(facts),
          record.parentVersion ?? null,
        ],
      );
      const [model] = made;
      if (model === undefined) return await this.#isSameAgain(client, record, owner);
      await client.query(
        `INSERT INTO ml_registry.training_jobs
           (tenant_id, user_id, model_id, name, status, hyperparameters, data_from, data_through, rows, started_at, finished_at)
         VALUES ($1, $2, $3, $4, 'succeeded', $5, to_timestamp($6 / 1000.0), to_timestamp($7 / 1000.0), $8, now(), now())`,
        [...owner, model.model_id, name, record.hyperparameters, trainedFrom, trainedThrough, rows],
      );
      await keepEvaluations(client, [...owner, model.model_id], record, equity);
      // It was checked and run before it came here.
      await client.query(`UPDATE ml_registry.models SET status = 'validated' WHERE model_id = $1`, [
        model.model_id,
      ]);
      return true;
    });
  }

  /** Whether a version that is there already is this very model. */
  async #isSameAgain(
    client: pg.PoolClient,
    record: ModelRecord,
    owner: readonly [string | null, string | null],
  ): Promise<boolean> {
    const { rows } = await client.query<{ sha256: string }>(
      `SELECT artifact_sha256 AS sha256 FROM ml_registry.models
       WHERE tenant_id IS NOT DISTINCT FROM $1 AND user_id IS NOT DISTINCT FROM $2 AND name = $3 AND version = $4`,
      [...owner, modelName(record), record.version],
    );
    return rows[0]?.sha256 === record.modelId;
  }

  async stage(record: ModelRecord, author: Author): Promise<void> {
    await this.#in(record, async (client) => {
      await actOn(client, { series: record, version: record.version }, { kind: 'stage' }, author);
    });
  }

  async promote(record: ModelRecord, as: 'first' | 'replacement' = 'replacement'): Promise<boolean> {
    const { family, rows } = record;
    const author = { who: 'training', role: 'engine', reason: `trained on ${rows} bars (${family})` };
    const target = { series: record, version: record.version };
    const expected = as === 'first' ? { production: 'none' } : {};
    return await this.#in(
      record,
      async (client) => await actOn(client, target, { kind: 'promote' }, author, expected),
    );
  }

  async list(series: ModelSeries): Promise<ListedModel[]> {
    return await this.#find(series, MODEL_STATUSES);
  }

  async production(series: ModelSeries): Promise<ModelRecord | undefined> {
    return (await this.#find(series, ['production'])).at(-1);
  }

  async equity(series: ModelSeries, version: string): Promise<WalkForwardEquity | undefined> {
    return await this.#in(series, async (client) => {
      const { rows } = await client.query<{ metrics: WalkForwardEquity }>(
        `SELECT e.metrics FROM ml_registry.model_evaluations e JOIN ml_registry.models m USING (model_id)
         WHERE m.tenant_id IS NOT DISTINCT FROM $1 AND m.user_id IS NOT DISTINCT FROM $2 AND m.name = $3 AND m.version = $4
           AND e.kind = $5`,
        [...ownerOf(series), modelName(series), version, EQUITY],
      );
      return rows[0]?.metrics;
    });
  }

  async #find(series: ModelSeries, statuses: readonly string[]): Promise<ListedModel[]> {
    return await this.#in(series, async (client) => {
      const { rows } = await client.query<ModelRow>(
        `${SELECT_MODELS}
         WHERE m.tenant_id IS NOT DISTINCT FROM $1 AND m.user_id IS NOT DISTINCT FROM $2 AND m.name = $3
           AND m.framework = $4 AND m.status = ANY ($5)
         ORDER BY (m.serving ->> 'trainedThrough')::bigint`,
        [...ownerOf(series), modelName(series), FRAMEWORK, statuses],
      );
      return rows.map(modelOf);
    });
  }

  /**
   * Every model with both its files that is not archived, of the platform and of the tenants named. Users' own are
   * left out.
   */
  async all(tenantIds: readonly string[]): Promise<RegisteredModel[]> {
    const found: RegisteredModel[] = [];
    for (const tenantId of [PLATFORM, ...tenantIds]) {
      const scope: Scope = tenantId === PLATFORM ? { platform: true } : { tenantId };
      const { rows } = await this.#database.transaction(scope, async (client) =>
        client.query<RegisteredModel>(
          `SELECT $2::text AS "tenantId", name, version, status, artifact_sha256 AS "modelId", encoder_sha256 AS "encoderId", feature_set_version AS "featureSetVersion"
           FROM ml_registry.models
           WHERE tenant_id IS NOT DISTINCT FROM $1 AND user_id IS NULL AND framework = $3 AND status <> 'archived'
             AND encoder_sha256 IS NOT NULL
           ORDER BY name, created_at`,
          [tenantId === PLATFORM ? null : tenantId, tenantId, FRAMEWORK],
        ),
      );
      found.push(...rows);
    }
    return found;
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  async #in<T>(series: ModelSeries, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    return await inRegistry(this.#database, scopeOf(series), work);
  }
}

/** Keeps the walk-forward scores of a model, by horizon, the features it relies on and what trading it came to. */
async function keepEvaluations(
  client: pg.PoolClient,
  model: readonly (string | null)[],
  { scores, importance, trainedFrom, trainedThrough }: ModelRecord,
  equity: WalkForwardEquity | undefined,
): Promise<void> {
  const found = [
    ...scores.map((score) => ['walk_forward', score.horizon, score] as const),
    ...(importance.length === 0 ? [] : [['permutation_importance', null, { features: importance }] as const]),
    ...(equity === undefined ? [] : [[EQUITY, equity.horizon, equity] as const]),
  ];
  for (const [kind, horizon, metrics] of found)
    await client.query(
      `INSERT INTO ml_registry.model_evaluations (tenant_id, user_id, model_id, kind, horizon, data_from, data_through, metrics)
       VALUES ($1, $2, $3, $4, $5, to_timestamp($6 / 1000.0), to_timestamp($7 / 1000.0), $8)`,
      [...model, kind, horizon, trainedFrom, trainedThrough, metrics],
    );
}
