import pg from 'pg';
import { Database, setLocal, type Scope } from '../database/database.js';
import { SuhoError, messageOf } from '../errors.js';
import { FILE_FEED } from '../instruments/ids.js';
import type { Deployments, Expected, ModelReader, ModelTarget } from './deployments.js';
import {
  MODEL_STATUSES,
  modelName,
  type Author,
  type Experiment,
  type ListedModel,
  type ModelAct,
  type ModelEvent,
  type ModelSeries,
} from './model-registry.js';
import { readExperiments, recordAbTest, type TestedModel } from './postgres-ab-tests.js';
import { FRAMEWORK, SELECT_MODELS, modelOf, ownerOf, scopeOf, type ModelRow } from './model-rows.js';

type Status = ListedModel['status'];

/** Statuses on the way from each to a trial or production, as far as they go without asking. */
const NEXT: Partial<Record<Status, Status>> = { draft: 'validated', validated: 'staging' };

/** The model an act is about, locked until the transaction ends. */
interface ActedOn extends TestedModel {
  status: Status;
  readonly traffic: number | null;
}

/** Runs a transaction on the registry. Throws `STORE_UNAVAILABLE` for what the store has against it. */
export async function inRegistry<T>(
  database: Database,
  scope: Scope,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  try {
    return await database.transaction(scope, work);
  } catch (error) {
    if (error instanceof SuhoError) throw error;
    throw new SuhoError('STORE_UNAVAILABLE', `The model registry answered: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * Does something to a model, inside a transaction. Those that change the models of one series wait for each other. False
 * when things are no longer as `expected`. Throws as {@link Deployments.act} does.
 */
export async function actOn(
  client: pg.PoolClient,
  target: ModelTarget,
  act: ModelAct,
  author: Author,
  expected: Expected = {},
): Promise<boolean> {
  const { series, version } = target;
  const { who, role, reason } = author;
  const owner = ownerOf(series);
  await client.query('SELECT ml_registry.lock_models($1, $2, $3)', [...owner, modelName(series)]);
  await client.query(setLocal({ 'suho.actor': who, 'suho.role': role, 'suho.reason': reason }));
  const { rows } = await client.query<ActedOn>(
    `SELECT model_id AS id, status, traffic, trial FROM ml_registry.models
     WHERE tenant_id IS NOT DISTINCT FROM $1 AND user_id IS NOT DISTINCT FROM $2 AND name = $3 AND version = $4 FOR UPDATE`,
    [...owner, modelName(series), version],
  );
  const [model] = rows;
  if (model === undefined)
    throw new SuhoError('NOT_FOUND', `${version} of ${modelName(series)} is not registered.`);
  if (!(await isAs(client, target, model, expected))) return false;
  try {
    await apply(client, model, act, target);
    await recordAbTest(client, target, act, author, model);
  } catch (error) {
    throw refusalOf(error, target, model.status);
  }
  return true;
}

async function isAs(
  client: pg.PoolClient,
  { series }: ModelTarget,
  { status, traffic }: ActedOn,
  { model: before, production }: Expected,
): Promise<boolean> {
  if (before !== undefined && (status !== before.status || (traffic ?? undefined) !== before.traffic))
    return false;
  if (production === undefined) return true;
  // Acts on the series' own models wait for each other; production of a farther level may still change in between.
  const { rows } = await client.query<{ found: boolean }>(
    `SELECT EXISTS (SELECT FROM ml_registry.models WHERE status = 'production' AND CASE WHEN $4 = 'none'
       THEN tenant_id IS NOT DISTINCT FROM $1 AND user_id IS NOT DISTINCT FROM $2 AND name = $3 ELSE artifact_sha256 = $4 END) AS found`,
    [...ownerOf(series), modelName(series), production],
  );
  return rows[0]!.found === (production !== 'none');
}

async function apply(
  client: pg.PoolClient,
  model: ActedOn,
  act: ModelAct,
  target: ModelTarget,
): Promise<void> {
  const change = async (status: Status, traffic?: number, trial?: object): Promise<void> => {
    await client.query(
      'UPDATE ml_registry.models SET status = $2, traffic = $3, trial = $4 WHERE model_id = $1',
      [model.id, status, traffic ?? null, trial ?? null],
    );
    model.status = status;
  };
  const forward = async (): Promise<void> => {
    for (let next = NEXT[model.status]; next !== undefined; next = NEXT[next]) await change(next);
  };
  switch (act.kind) {
    case 'shadow':
      await forward();
      await change('shadow', undefined, act.trial);
      return;
    case 'canary':
      await forward();
      await change('canary', act.share, act.trial);
      return;
    case 'promote':
      await forward();
      if (model.status === 'staging' || model.status === 'shadow') {
        await change('canary');
      }
      await client.query('SELECT ml_registry.promote($1)', [model.id]);
      return;
    case 'stage':
      await forward();
      return;
    case 'withdraw':
      if (model.status !== 'production') return await change('staging');
      await assertBehind(client, target);
      await change('deprecated');
      return;
    case 'archive':
      await change('archived');
      return;
    case 'rollback':
      await rollBack(client, target);
  }
}

/** Throws `BAD_INPUT` where no model of a farther level would take the place of the one in production. */
async function assertBehind(client: pg.PoolClient, { series, version }: ModelTarget): Promise<void> {
  const [tenant, user] = ownerOf(series);
  // Signals of the whole tenant stay; his own end.
  if (user !== null) return;
  const names = [series, { ...series, feed: FILE_FEED }].map(modelName);
  const { rows } = await client.query<{ found: boolean }>(
    `SELECT EXISTS (SELECT FROM ml_registry.models WHERE tenant_id IS NULL AND status = 'production' AND name = ANY ($1)) AS found`,
    [names],
  );
  if (tenant === null || !rows[0]!.found)
    throw new SuhoError(
      'BAD_INPUT',
      `${version} of ${modelName(series)} is production, and no other model would serve in its place; promote another or roll back.`,
    );
}

/** Makes production again what was production before. */
async function rollBack(client: pg.PoolClient, { series, version }: ModelTarget): Promise<void> {
  const { rows } = await client.query<{ id: string; in_use: string | null }>(
    `SELECT m.model_id AS id, (SELECT version FROM ml_registry.models
       WHERE tenant_id IS NOT DISTINCT FROM $1 AND user_id IS NOT DISTINCT FROM $2 AND name = $3 AND status = 'production') AS in_use
     FROM ml_registry.models m
     WHERE m.tenant_id IS NOT DISTINCT FROM $1 AND m.user_id IS NOT DISTINCT FROM $2 AND m.name = $3 AND m.status = 'deprecated'
     ORDER BY m.status_changed_at DESC LIMIT 1`,
    [...ownerOf(series), modelName(series)],
  );
  const [before] = rows;
  if (before === undefined)
    throw new SuhoError(
      'BAD_INPUT',
      `Nothing was production of ${modelName(series)} before ${version}, so there is nothing to roll back to.`,
    );
  if (before.in_use !== version)
    throw new SuhoError(
      'BAD_INPUT',
      `${version} of ${modelName(series)} is not production${before.in_use === null ? '' : `, ${before.in_use} is`}; a rollback is from what is.`,
    );
  await client.query('SELECT ml_registry.promote($1)', [before.id]);
}

/** What the database has against an act, as a sentence. */
function refusalOf(error: unknown, { series, version }: ModelTarget, status: Status): unknown {
  if (!(error instanceof pg.DatabaseError)) return error;
  const of = `${version} of ${modelName(series)}`;
  if (error.code === '21000')
    return new SuhoError(
      'QUOTA_EXCEEDED',
      `Four shadows of ${modelName(series)} run already; withdraw or archive one before ${version} becomes one.`,
    );
  if (error.constraint === 'models_one_canary')
    return new SuhoError(
      'BAD_INPUT',
      `${modelName(series)} has a canary already; decide about that one before ${version} becomes one.`,
    );
  if (error.code === '23514')
    return new SuhoError('BAD_INPUT', `${of} is ${status}, which does not allow that: ${error.message}.`);
  return error;
}

/** Deployments in PostgreSQL (schemas/02), which itself refuses what a model's status does not allow and records every act. */
export class PostgresDeployments implements Deployments {
  readonly #database: Database;

  constructor(connection: pg.PoolConfig) {
    this.#database = new Database({ max: 2, ...connection });
  }

  async revision(): Promise<number> {
    return await inRegistry(this.#database, {}, async (client) => {
      const { rows } = await client.query<{ revision: number }>('SELECT ml_registry.revision() AS revision');
      return rows[0]!.revision;
    });
  }

  async users(tenantId: string): Promise<string[]> {
    return await inRegistry(this.#database, { tenantId }, async (client) => {
      const { rows } = await client.query<{ user: string }>('SELECT ml_registry.model_users() AS user');
      return rows.map(({ user }) => user);
    });
  }

  async visible(
    { tenantId, userId }: ModelReader,
    statuses: readonly Status[] = MODEL_STATUSES,
  ): Promise<ListedModel[]> {
    const scope: Scope = tenantId === undefined ? {} : { tenantId, userId };
    return await inRegistry(this.#database, scope, async (client) => {
      const { rows } = await client.query<ModelRow>(
        `${SELECT_MODELS}
         WHERE m.framework = $1 AND m.status = ANY ($2) AND m.encoder_sha256 IS NOT NULL
         ORDER BY m.name, m.tenant_id NULLS FIRST, m.user_id NULLS FIRST, m.created_at`,
        [FRAMEWORK, statuses],
      );
      return rows.map(modelOf);
    });
  }

  async act(
    target: ModelTarget,
    act: ModelAct,
    author: Author,
    expected?: Expected,
  ): Promise<ListedModel | undefined> {
    const { series, version } = target;
    return await inRegistry(this.#database, scopeOf(series), async (client) => {
      if (!(await actOn(client, target, act, author, expected))) return undefined;
      const { rows } = await client.query<ModelRow>(
        `${SELECT_MODELS}
         WHERE m.tenant_id IS NOT DISTINCT FROM $1 AND m.user_id IS NOT DISTINCT FROM $2 AND m.name = $3 AND m.version = $4`,
        [...ownerOf(series), modelName(series), version],
      );
      return modelOf(rows[0]!);
    });
  }

  async history(series: ModelSeries, version: string | undefined, limit: number): Promise<ModelEvent[]> {
    return await inRegistry(this.#database, scopeOf(series), async (client) => {
      const { rows } = await client.query<AuditRow>(
        `SELECT (extract(epoch FROM at) * 1000)::bigint AS at, version, from_status, to_status, traffic, actor, role, reason
         FROM ml_registry.model_audit
         WHERE tenant_id IS NOT DISTINCT FROM $1 AND user_id IS NOT DISTINCT FROM $2 AND name = $3
           AND version = coalesce($4, version)
         ORDER BY audit_id DESC LIMIT $5`,
        [...ownerOf(series), modelName(series), version ?? null, limit],
      );
      return rows.map(eventOf);
    });
  }

  async experiments({ tenantId, userId }: ModelReader, limit: number): Promise<Experiment[]> {
    const scope: Scope = tenantId === undefined ? {} : { tenantId, userId };
    return await inRegistry(this.#database, scope, async (client) => await readExperiments(client, limit));
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}

interface AuditRow {
  readonly at: number;
  readonly version: string;
  readonly from_status: Status | null;
  readonly to_status: Status;
  readonly traffic: number | null;
  readonly actor: string;
  readonly role: string | null;
  readonly reason: string | null;
}

function eventOf(row: AuditRow): ModelEvent {
  return {
    at: row.at,
    version: row.version,
    from: row.from_status ?? undefined,
    to: row.to_status,
    share: row.traffic ?? undefined,
    who: row.actor,
    role: row.role ?? undefined,
    reason: row.reason ?? undefined,
  };
}
