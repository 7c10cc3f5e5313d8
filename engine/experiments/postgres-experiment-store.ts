import type pg from 'pg';
import { Database } from '../database/database.js';
import { SuhoError, messageOf } from '../errors.js';
import type {
  Conclusion,
  ExperimentSettings,
  ExperimentStore,
  StoredExperiment,
  TrialRecord,
} from './experiment-store.js';

interface ExperimentRow {
  readonly arms: ExperimentSettings;
  readonly result: {
    readonly trials: readonly TrialRecord[];
    readonly conclusion?: Conclusion;
  } | null;
}

const MINE = 'tenant_id IS NULL AND user_id IS NULL AND name = $1';

/** Experiments in `ml_registry.experiments`, their fits in `ml_registry.training_jobs` (schemas/02). */
export class PostgresExperimentStore implements ExperimentStore {
  readonly #database: Database;

  constructor(connection: pg.PoolConfig) {
    this.#database = new Database({ max: 2, ...connection });
  }

  async open(name: string, settings: ExperimentSettings): Promise<StoredExperiment> {
    return await this.#in(async (client) => {
      await client.query(
        `INSERT INTO ml_registry.experiments (name, hypothesis, arms, status, result, started_at)
         VALUES ($1, 'random search with successive halving', $2, 'running', '{"trials": []}', now()) ON CONFLICT DO NOTHING`,
        [name, settings],
      );
      await client.query(
        `UPDATE ml_registry.training_jobs SET status = 'failed', error = 'its process ended', finished_at = now()
         WHERE tenant_id IS NULL AND name = $1 AND status = 'running'`,
        [jobName(name)],
      );
      const { rows } = await client.query<ExperimentRow>(
        `SELECT arms, result FROM ml_registry.experiments WHERE ${MINE}`,
        [name],
      );
      const { arms, result } = rows[0]!;
      return { settings: arms, trials: result?.trials ?? [], conclusion: result?.conclusion };
    });
  }

  async begin(name: string, job: Pick<TrialRecord, 'candidate' | 'stage' | 'what'>): Promise<string> {
    return await this.#in(async (client) => {
      const { rows } = await client.query<{ job_id: string }>(
        `INSERT INTO ml_registry.training_jobs (name, status, cause, hyperparameters, started_at)
         VALUES ($1, 'running', 'experiment', $2, now()) RETURNING job_id`,
        [jobName(name), job],
      );
      return rows[0]!.job_id;
    });
  }

  async end(name: string, jobId: string, trial: TrialRecord): Promise<void> {
    await this.#in(async (client) => {
      await client.query(
        `UPDATE ml_registry.training_jobs SET status = $2, error = $3, finished_at = now(),
           hyperparameters = hyperparameters || $4 WHERE job_id = $1`,
        [
          jobId,
          trial.error === undefined ? 'succeeded' : 'failed',
          trial.error ?? null,
          { score: trial.score ?? null },
        ],
      );
      await client.query(
        `UPDATE ml_registry.experiments
         SET result = jsonb_set(result, '{trials}', result -> 'trials' || $2::jsonb) WHERE ${MINE}`,
        [name, JSON.stringify([trial])],
      );
    });
  }

  async conclude(name: string, conclusion: Conclusion): Promise<void> {
    await this.#in(async (client) =>
      client.query(
        `UPDATE ml_registry.experiments
         SET status = 'concluded', concluded_at = now(), result = jsonb_set(result, '{conclusion}', $2::jsonb) WHERE ${MINE}`,
        [name, JSON.stringify(conclusion)],
      ),
    );
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  async #in<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    try {
      return await this.#database.transaction({ platform: true }, work);
    } catch (error) {
      throw new SuhoError('STORE_UNAVAILABLE', `The store of experiments answered: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}

function jobName(experiment: string): string {
  return `experiment/${experiment}`;
}
