import type pg from 'pg';
import { PLATFORM } from '../credentials/tenant-id.js';
import { Database, type Scope } from '../database/database.js';
import { SuhoError, messageOf } from '../errors.js';
import {
  MODEL_STATUSES,
  modelName,
  type ListedModel,
  type ModelRecord,
  type ModelRegistry,
  type ModelSeries,
} from './model-registry.js';

const FRAMEWORK = 'onnx';

interface ModelRow {
  readonly status: ListedModel['status'];
  readonly registered: number;
  readonly version: string;
  readonly parent_version: string | null;
  readonly architecture: string;
  readonly hyperparameters: ModelRecord['hyperparameters'];
  readonly feature_set_version: string;
  /** The rest came with the kinds of model; before them every one was a perceptron. */
  readonly metrics: Pick<ModelRecord, 'scores'> &
    Partial<Pick<ModelRecord, 'family' | 'tried' | 'importance'>>;
  readonly artifact_uri: string;
  readonly artifact_sha256: string;
  readonly encoder_uri: string;
  readonly encoder_sha256: string;
  readonly serving: Pick<
    ModelRecord,
    | 'embeddingVersion'
    | 'anomalyScale'
    | 'primaryHorizon'
    | 'edge'
    | 'trainedFrom'
    | 'trainedThrough'
    | 'rows'
    | 'batchInvariant'
  >;
}

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

  async register(record: ModelRecord): Promise<void> {
    const owner = record.tenantId === PLATFORM ? null : record.tenantId;
    const name = modelName(record);
    await this.#in(record, async (client) => {
      const { embeddingVersion, anomalyScale, primaryHorizon, edge } = record;
      const { trainedFrom, trainedThrough, rows, batchInvariant } = record;
      const { scores, family, tried, importance } = record;
      const { rows: made } = await client.query<{ model_id: string }>(
        `INSERT INTO ml_registry.models
           (tenant_id, name, version, architecture, framework, hyperparameters, feature_set_version, metrics, artifact_uri,
            artifact_sha256, encoder_uri, encoder_sha256, serving, parent_model_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
           (SELECT model_id FROM ml_registry.models WHERE tenant_id IS NOT DISTINCT FROM $1 AND user_id IS NULL AND name = $2 AND version = $14))
         ON CONFLICT DO NOTHING RETURNING model_id`,
        [
          owner,
          name,
          record.version,
          record.architecture,
          FRAMEWORK,
          record.hyperparameters,
          record.featureSetVersion,
          { scores, family, tried, importance },
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
          },
          record.parentVersion ?? null,
        ],
      );
      const [model] = made;
      if (model === undefined) {
        await this.#sameAgain(client, record, owner);
        return;
      }
      await client.query(
        `INSERT INTO ml_registry.training_jobs
           (tenant_id, model_id, name, status, hyperparameters, data_from, data_through, rows, started_at, finished_at)
         VALUES ($1, $2, $3, 'succeeded', $4, to_timestamp($5 / 1000.0), to_timestamp($6 / 1000.0), $7, now(), now())`,
        [owner, model.model_id, name, record.hyperparameters, trainedFrom, trainedThrough, rows],
      );
      for (const score of record.scores) {
        await client.query(
          `INSERT INTO ml_registry.model_evaluations (tenant_id, model_id, kind, horizon, data_from, data_through, metrics)
           VALUES ($1, $2, 'walk_forward', $3, to_timestamp($4 / 1000.0), to_timestamp($5 / 1000.0), $6)`,
          [owner, model.model_id, score.horizon, trainedFrom, trainedThrough, score],
        );
      }
      if (record.importance.length > 0)
        await client.query(
          `INSERT INTO ml_registry.model_evaluations (tenant_id, model_id, kind, data_from, data_through, metrics)
           VALUES ($1, $2, 'permutation_importance', to_timestamp($3 / 1000.0), to_timestamp($4 / 1000.0), $5)`,
          [owner, model.model_id, trainedFrom, trainedThrough, { features: record.importance }],
        );
      // It was checked and run before it came here.
      await client.query(`UPDATE ml_registry.models SET status = 'validated' WHERE model_id = $1`, [
        model.model_id,
      ]);
    });
  }

  /** A version that is there already must be this very model. */
  async #sameAgain(client: pg.PoolClient, record: ModelRecord, owner: string | null): Promise<void> {
    const { rows } = await client.query<{ sha256: string }>(
      `SELECT artifact_sha256 AS sha256 FROM ml_registry.models
       WHERE tenant_id IS NOT DISTINCT FROM $1 AND user_id IS NULL AND name = $2 AND version = $3`,
      [owner, modelName(record), record.version],
    );
    if (rows[0]?.sha256 === record.modelId) return;
    throw new SuhoError(
      'BAD_MODEL',
      `${record.version} of ${modelName(record)} is another model already; another engine trained at the same time.`,
    );
  }

  async stage(record: ModelRecord): Promise<void> {
    const owner = record.tenantId === PLATFORM ? null : record.tenantId;
    await this.#in(record, async (client) => {
      await client.query(
        `UPDATE ml_registry.models SET status = 'staging'
         WHERE tenant_id IS NOT DISTINCT FROM $1 AND user_id IS NULL AND name = $2 AND version = $3 AND status = 'validated'`,
        [owner, modelName(record), record.version],
      );
    });
  }

  async promote(record: ModelRecord): Promise<void> {
    const owner = record.tenantId === PLATFORM ? null : record.tenantId;
    await this.#in(record, async (client) => {
      const { rows } = await client.query<{ model_id: string; status: (typeof MODEL_STATUSES)[number] }>(
        `SELECT model_id, status FROM ml_registry.models
         WHERE tenant_id IS NOT DISTINCT FROM $1 AND user_id IS NULL AND name = $2 AND version = $3 FOR UPDATE`,
        [owner, modelName(record), record.version],
      );
      const [model] = rows;
      if (model === undefined)
        throw new SuhoError('NOT_FOUND', `${record.version} of ${modelName(record)} is not registered.`);
      const canary = MODEL_STATUSES.indexOf('canary');
      for (let at = MODEL_STATUSES.indexOf(model.status) + 1; at <= canary; at++)
        await client.query('UPDATE ml_registry.models SET status = $2 WHERE model_id = $1', [
          model.model_id,
          MODEL_STATUSES[at],
        ]);
      await client.query('SELECT ml_registry.promote($1)', [model.model_id]);
    });
  }

  async list(series: ModelSeries): Promise<ListedModel[]> {
    return await this.#find(series, MODEL_STATUSES);
  }

  async production(series: ModelSeries): Promise<ModelRecord | undefined> {
    return (await this.#find(series, ['production'])).at(-1);
  }

  async #find(series: ModelSeries, statuses: readonly string[]): Promise<ListedModel[]> {
    return await this.#in(series, async (client) => {
      const { rows } = await client.query<ModelRow>(
        `SELECT m.version, p.version AS parent_version, m.architecture, m.hyperparameters, m.feature_set_version, m.metrics,
                m.artifact_uri, m.artifact_sha256, m.encoder_uri, m.encoder_sha256, m.serving, m.status,
                (extract(epoch FROM m.created_at) * 1000)::bigint AS registered
         FROM ml_registry.models m LEFT JOIN ml_registry.models p ON p.model_id = m.parent_model_id
         WHERE m.tenant_id IS NOT DISTINCT FROM $1 AND m.user_id IS NULL AND m.name = $2 AND m.framework = $3
           AND m.status = ANY ($4)
         ORDER BY (m.serving ->> 'trainedThrough')::bigint`,
        [series.tenantId === PLATFORM ? null : series.tenantId, modelName(series), FRAMEWORK, statuses],
      );
      const { tenantId, feed, symbol, timeframe, calendar } = series;
      return rows.map((row) => ({
        modelId: row.artifact_sha256,
        encoderId: row.encoder_sha256,
        artifactUri: row.artifact_uri,
        encoderUri: row.encoder_uri,
        version: row.version,
        parentVersion: row.parent_version ?? undefined,
        architecture: row.architecture,
        hyperparameters: row.hyperparameters,
        featureSetVersion: row.feature_set_version,
        family: 'perceptron' as const,
        tried: { families: 1, skillZ: 3, worth: [] },
        importance: [],
        ...row.metrics,
        tenantId,
        feed,
        symbol,
        timeframe,
        ...(calendar === undefined ? {} : { calendar }),
        ...row.serving,
        status: row.status,
        registeredAt: row.registered,
      }));
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

  async #in<T>({ tenantId }: ModelSeries, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const scope: Scope = tenantId === PLATFORM ? { platform: true } : { tenantId };
    try {
      return await this.#database.transaction(scope, work);
    } catch (error) {
      if (error instanceof SuhoError) throw error;
      throw new SuhoError('STORE_UNAVAILABLE', `The model registry answered: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}
