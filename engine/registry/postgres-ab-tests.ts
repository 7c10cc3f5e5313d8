import type pg from 'pg';
import { PLATFORM } from '../credentials/tenant-id.js';
import type { ModelTarget } from './deployments.js';
import {
  modelName,
  type Author,
  type Experiment,
  type ListedModel,
  type ModelAct,
} from './model-registry.js';
import { ownerOf } from './model-rows.js';

/** The model that an A/B test is about, as it was before an act. */
export interface TestedModel {
  readonly id: string;
  readonly trial: ListedModel['trial'] | null;
}

/**
 * Keeps the row that an A/B test has among the experiments: begun with its variants and shares, ended with what was decided
 * and by which figures. Runs inside the transaction of the act, so that the record and the registry agree.
 */
export async function recordAbTest(
  client: pg.PoolClient,
  target: ModelTarget,
  act: ModelAct,
  author: Author,
  before: TestedModel,
): Promise<void> {
  const isTested = act.kind === 'canary' && act.trial.kind === 'ab';
  const wasTested = before.trial?.kind === 'ab';
  if (wasTested && !isTested) await endTest(client, target, act, author);
  if (isTested && wasTested) await changeShares(client, target, act.share);
  if (isTested && !wasTested) await beginTest(client, target, act, author, before.id);
}

/** Tests that run on a model, whose owner is $1 and $2 and whose name and version are $3 and $4. */
const RUNNING = `tenant_id IS NOT DISTINCT FROM $1 AND user_id IS NOT DISTINCT FROM $2 AND status = 'running'
  AND arms ->> 'kind' = 'ab' AND arms ->> 'model' = $3 AND arms -> 'variants' -> 1 ->> 'version' = $4`;

async function beginTest(
  client: pg.PoolClient,
  { series, version }: ModelTarget,
  { share, trial }: Extract<ModelAct, { kind: 'canary' }>,
  { who, reason }: Author,
  modelId: string,
): Promise<void> {
  const name = modelName(series);
  const { rows } = await client.query<{ version: string; sha256: string; own: boolean }>(
    `SELECT version, artifact_sha256 AS sha256, model_id = $2 AS own FROM ml_registry.models
     WHERE name = $1 AND (status = 'production' OR model_id = $2)
     ORDER BY model_id = $2 DESC, user_id NULLS LAST, tenant_id NULLS LAST`,
    [name, modelId],
  );
  const own = rows.find((row) => row.own);
  const production = rows.find((row) => !row.own);
  const variants = [
    { arm: 'production', version: production?.version, model: production?.sha256, share: 1 - share },
    { arm: 'canary', version, model: own?.sha256, share },
  ];
  const arms = { kind: 'ab', model: name, variants, until: trial.until ?? null, startedBy: who };
  await client.query(
    `INSERT INTO ml_registry.experiments (tenant_id, user_id, name, hypothesis, arms, status, started_at)
     VALUES ($1, $2, $3 || to_char(now() AT TIME ZONE 'UTC', ' YYYY-MM-DD HH24:MI:SS.MS'), $4, $5, 'running', now())`,
    [...ownerOf(series), `ab ${name} ${version}`, reason, arms],
  );
}

async function changeShares(
  client: pg.PoolClient,
  { series, version }: ModelTarget,
  share: number,
): Promise<void> {
  await client.query(
    `UPDATE ml_registry.experiments SET arms = jsonb_set(jsonb_set(arms, '{variants,0,share}', to_jsonb($5::float8)),
       '{variants,1,share}', to_jsonb($6::float8)) WHERE ${RUNNING}`,
    [...ownerOf(series), modelName(series), version, 1 - share, share],
  );
}

/** A test that evidence or its time ended is concluded; one that a person or a guardrail ended was stopped. */
async function endTest(
  client: pg.PoolClient,
  { series, version }: ModelTarget,
  { kind }: ModelAct,
  { who, role, reason, test }: Author,
): Promise<void> {
  const result = {
    decision: kind,
    winner: test?.winner ?? null,
    figures: test?.figures ?? null,
    reason,
    by: who,
    role,
  };
  await client.query(
    `UPDATE ml_registry.experiments SET status = $5, concluded_at = now(), result = $6 WHERE ${RUNNING}`,
    [
      ...ownerOf(series),
      modelName(series),
      version,
      test?.isDecided === true ? 'concluded' : 'stopped',
      result,
    ],
  );
}

interface ExperimentRow {
  readonly tenant_id: string | null;
  readonly user_id: string | null;
  readonly name: string;
  readonly hypothesis: string | null;
  readonly status: Experiment['status'];
  readonly arms: Experiment['arms'];
  readonly result: Experiment['result'] | null;
  readonly started: number | null;
  readonly concluded: number | null;
}

/** The newest experiments that a transaction sees; the fits of a search are left out. */
export async function readExperiments(client: pg.PoolClient, limit: number): Promise<Experiment[]> {
  const { rows } = await client.query<ExperimentRow>(
    `SELECT tenant_id, user_id, name, hypothesis, status, arms, result - 'trials' AS result,
            (extract(epoch FROM started_at) * 1000)::bigint AS started,
            (extract(epoch FROM concluded_at) * 1000)::bigint AS concluded
     FROM ml_registry.experiments ORDER BY coalesce(started_at, created_at) DESC, name LIMIT $1`,
    [limit],
  );
  return rows.map((row) => ({
    tenantId: row.tenant_id ?? PLATFORM,
    userId: row.user_id ?? undefined,
    name: row.name,
    hypothesis: row.hypothesis ?? '',
    status: row.status,
    arms: row.arms,
    result: row.result ?? {},
    startedAt: row.started ?? undefined,
    concludedAt: row.concluded ?? undefined,
  }));
}
