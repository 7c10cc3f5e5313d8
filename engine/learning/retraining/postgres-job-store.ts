import type pg from 'pg';
import type { SignalOwner } from '../../../actors/signals/prediction-id.js';
import { PLATFORM } from '../../credentials/tenant-id.js';
import { Database } from '../../database/database.js';
import { SuhoError, messageOf } from '../../errors.js';
import { scopeOf } from '../../registry/model-rows.js';
import type { JobEnd, JobStore, NewJob, TrainingJob } from './job-store.js';

const LISTED_MAX = 200;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

interface JobRow {
  readonly job_id: string;
  readonly tenant_id: string | null;
  readonly user_id: string | null;
  readonly series: string;
  readonly name: string;
  readonly status: TrainingJob['status'];
  readonly cause: TrainingJob['cause'];
  readonly reason: string;
  readonly priority: number;
  readonly attempts: number;
  readonly hyperparameters: { readonly newEncoder?: boolean; readonly version?: string };
  readonly error: string | null;
  readonly data_from: number | null;
  readonly queued: number;
  readonly started: number | null;
  readonly finished: number | null;
  readonly cpu_ms: number | null;
  readonly claimed_by: string | null;
  readonly claimed: number | null;
}

const ms = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::bigint`;
const COLUMNS = `job_id, tenant_id, user_id, series, name, status, cause, reason, priority, attempts, hyperparameters, error,
  ${ms('data_from')} AS data_from, ${ms('queued_at')} AS queued, ${ms('started_at')} AS started,
  ${ms('finished_at')} AS finished, cpu_ms, claimed_by, ${ms('claimed_at')} AS claimed`;
// Of users row-level security shows the one that asks.
const OWN = 'tenant_id IS NOT DISTINCT FROM $1';
const OF_USER = 'user_id IS NOT DISTINCT FROM public.suho_user()';
const OPEN = `status IN ('queued', 'running')`;

/** Trainings in PostgreSQL (schemas/02), each tenant's and user's under row-level security. */
export class PostgresJobStore implements JobStore {
  readonly #database: Database;

  constructor(connection: pg.PoolConfig) {
    this.#database = new Database({ max: 2, ...connection });
  }

  async enqueue(job: NewJob): Promise<TrainingJob> {
    const { tenantId, seriesId, model, cause, reason, priority, dataFrom, newEncoder, queuedAt } = job;
    return await this.#in(job, async (client) => {
      await client.query(
        `INSERT INTO ml_registry.training_jobs (tenant_id, user_id, series, name, cause, reason, priority, hyperparameters, data_from, queued_at)
         VALUES ($1, public.suho_user(), $2, $3, $4, $5, $6, $7, to_timestamp($8::double precision / 1000.0), to_timestamp($9 / 1000.0)) ON CONFLICT DO NOTHING`,
        [
          ownerOf(tenantId),
          seriesId,
          model,
          cause,
          reason,
          priority,
          { newEncoder },
          dataFrom ?? null,
          queuedAt,
        ],
      );
      // One that waits already takes over a stronger cause; of the one that was just made this changes nothing.
      await client.query(
        `UPDATE ml_registry.training_jobs
         SET cause = CASE WHEN priority <= $3 THEN $4 ELSE cause END, reason = CASE WHEN priority <= $3 THEN $5 ELSE reason END,
             priority = greatest(priority, $3), data_from = greatest(data_from, to_timestamp($6::double precision / 1000.0)),
             hyperparameters = CASE WHEN $7 THEN hyperparameters || '{"newEncoder": true}' ELSE hyperparameters END
         WHERE ${OWN} AND ${OF_USER} AND series = $2 AND status = 'queued'`,
        [ownerOf(tenantId), seriesId, priority, cause, reason, dataFrom ?? null, newEncoder],
      );
      const { rows } = await client.query<JobRow>(
        `SELECT ${COLUMNS} FROM ml_registry.training_jobs WHERE ${OWN} AND ${OF_USER} AND series = $2 AND ${OPEN}`,
        [ownerOf(tenantId), seriesId],
      );
      return toJob(rows[0]!);
    });
  }

  async list(reader: SignalOwner, all: boolean, endedSince = Infinity): Promise<TrainingJob[]> {
    return await this.#in(reader, async (client) => {
      const { rows } = await client.query<JobRow>(
        `SELECT ${COLUMNS} FROM ml_registry.training_jobs WHERE ${OWN} AND series <> ''
           AND ($2 OR ${OPEN} OR finished_at > to_timestamp($3::double precision / 1000.0))
         ORDER BY queued_at DESC LIMIT ${LISTED_MAX}`,
        [ownerOf(reader.tenantId), all, endedSince],
      );
      return rows.map(toJob);
    });
  }

  async claim(
    job: TrainingJob,
    engine: string,
    at: number,
    staleBefore: number,
    budgetMs: number,
  ): Promise<TrainingJob | 'over_budget' | undefined> {
    const { tenantId, jobId } = job;
    return await this.#in(job, async (client) => {
      // Of several engines each sees what the one before has begun.
      await client.query('SELECT pg_advisory_xact_lock(728310504)');
      const { rows: spent } = await client.query<{ ms: number }>(
        'SELECT ml_registry.training_time(to_timestamp($1 / 1000.0), to_timestamp($2 / 1000.0)) AS ms',
        [at, staleBefore],
      );
      if (spent[0]!.ms >= budgetMs) return 'over_budget';
      const { rows } = await client.query<JobRow>(
        `UPDATE ml_registry.training_jobs
         SET status = 'running', attempts = attempts + 1, claimed_by = $3, claimed_at = to_timestamp($4 / 1000.0),
             started_at = to_timestamp($4 / 1000.0), error = NULL
         WHERE ${OWN} AND job_id = $2 AND (status = 'queued'
           OR (status = 'running' AND (claimed_by = $3 OR claimed_at < to_timestamp($5 / 1000.0))))
         RETURNING ${COLUMNS}`,
        [ownerOf(tenantId), jobId, engine, at, staleBefore],
      );
      return rows[0] === undefined ? undefined : toJob(rows[0]);
    });
  }

  async renew(job: TrainingJob, engine: string, at: number): Promise<boolean> {
    const { tenantId, jobId } = job;
    return await this.#in(job, async (client) => {
      const { rowCount } = await client.query(
        `UPDATE ml_registry.training_jobs SET claimed_at = to_timestamp($4 / 1000.0)
         WHERE ${OWN} AND job_id = $2 AND status = 'running' AND claimed_by = $3`,
        [ownerOf(tenantId), jobId, engine, at],
      );
      return rowCount === 1;
    });
  }

  async end(job: TrainingJob, { status, version, modelId, error, cpuMs, at }: JobEnd): Promise<void> {
    const { tenantId, jobId, claimedBy } = job;
    await this.#in(job, async (client) => {
      await client.query(
        `UPDATE ml_registry.training_jobs
         SET status = $3, error = $4, cpu_ms = coalesce(cpu_ms, 0) + $5,
             finished_at = CASE WHEN $3 = 'queued' THEN NULL ELSE to_timestamp($6 / 1000.0) END,
             hyperparameters = hyperparameters || jsonb_strip_nulls(jsonb_build_object('version', $7::text)),
             model_id = (SELECT model_id FROM ml_registry.models m WHERE m.tenant_id IS NOT DISTINCT FROM $1
               AND m.user_id IS NOT DISTINCT FROM public.suho_user() AND m.artifact_sha256 = $8 AND m.version = $7 LIMIT 1)
         WHERE ${OWN} AND job_id = $2 AND status = 'running' AND claimed_by = $9`,
        [
          ownerOf(tenantId),
          jobId,
          status,
          error ?? null,
          Math.round(cpuMs),
          at,
          version ?? null,
          modelId ?? null,
          claimedBy ?? null,
        ],
      );
    });
  }

  async cancel(reader: SignalOwner, jobId: string, at: number): Promise<TrainingJob | undefined> {
    if (!ID.test(jobId)) return undefined;
    return await this.#in(reader, async (client) => {
      const { rows } = await client.query<JobRow>(
        `UPDATE ml_registry.training_jobs SET status = 'cancelled', finished_at = to_timestamp($3 / 1000.0)
         WHERE ${OWN} AND job_id = $2 AND ${OPEN} RETURNING ${COLUMNS}`,
        [ownerOf(reader.tenantId), jobId, at],
      );
      return rows[0] === undefined ? undefined : toJob(rows[0]);
    });
  }

  /** Ends the connections. */
  async close(): Promise<void> {
    await this.#database.close();
  }

  async #in<T>(reader: SignalOwner, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    try {
      return await this.#database.transaction(scopeOf(reader), work);
    } catch (error) {
      if (error instanceof SuhoError) throw error;
      throw new SuhoError('STORE_UNAVAILABLE', `The store of training jobs answered: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}

/** A tenant as the registry's tables name it. */
function ownerOf(tenantId: string): string | null {
  return tenantId === PLATFORM ? null : tenantId;
}

function toJob(row: JobRow): TrainingJob {
  return {
    jobId: row.job_id,
    tenantId: row.tenant_id ?? PLATFORM,
    ...(row.user_id === null ? {} : { userId: row.user_id }),
    seriesId: row.series,
    model: row.name,
    status: row.status,
    cause: row.cause,
    reason: row.reason,
    priority: row.priority,
    attempts: row.attempts,
    newEncoder: row.hyperparameters.newEncoder ?? false,
    version: row.hyperparameters.version,
    error: row.error ?? undefined,
    dataFrom: row.data_from ?? undefined,
    queuedAt: row.queued,
    startedAt: row.started ?? undefined,
    finishedAt: row.finished ?? undefined,
    cpuMs: row.cpu_ms ?? 0,
    claimedBy: row.claimed_by ?? undefined,
    claimedAt: row.claimed ?? undefined,
  };
}
