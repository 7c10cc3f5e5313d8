import type pg from 'pg';
import type { SignalOwner } from '../../actors/signals/prediction-id.js';
import { PLATFORM } from '../credentials/tenant-id.js';
import { Database } from '../database/database.js';
import { SuhoError, messageOf } from '../errors.js';
import { modelName, type ModelSeries } from '../registry/model-registry.js';
import { scopeOf } from '../registry/model-rows.js';
import type { Alert, AlertAct, AlertKind, AlertSeverity, AlertStore, NewAlert } from './alert-store.js';

const LISTED_MAX = 1_000;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

interface AlertRow {
  readonly alert_id: string;
  readonly tenant_id: string | null;
  readonly user_id: string | null;
  readonly series: string;
  readonly model: string;
  readonly model_id: string;
  readonly version: string;
  readonly kind: AlertKind;
  readonly severity: AlertSeverity;
  readonly summary: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly raised: number;
  readonly acknowledged: number | null;
  readonly acknowledged_by: string | null;
  readonly resolved: number | null;
  readonly resolved_by: string | null;
}

const ms = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::bigint`;
const COLUMNS = `a.alert_id, a.tenant_id, a.user_id, a.series, m.name AS model, m.artifact_sha256 AS model_id, m.version, a.kind, a.severity,
  a.summary, a.details, ${ms('a.raised_at')} AS raised, ${ms('a.acknowledged_at')} AS acknowledged, a.acknowledged_by,
  ${ms('a.resolved_at')} AS resolved, a.resolved_by`;

/** Alerts in PostgreSQL (schemas/02), each tenant's and user's under row-level security. */
export class PostgresAlertStore implements AlertStore {
  readonly #database: Database;

  constructor(connection: pg.PoolConfig) {
    this.#database = new Database({ max: 2, ...connection });
  }

  async facts(home: ModelSeries, modelId: string): Promise<Uint8Array | undefined> {
    return await this.#in(home, async (client) => {
      const { rows } = await client.query<{ facts: Buffer }>(
        `SELECT training_facts AS facts FROM ml_registry.models
         WHERE tenant_id IS NOT DISTINCT FROM $1 AND user_id IS NOT DISTINCT FROM public.suho_user()
           AND name = $2 AND artifact_sha256 = $3
           AND training_facts IS NOT NULL LIMIT 1`,
        [ownerOf(home.tenantId), modelName(home), modelId],
      );
      return rows[0]?.facts;
    });
  }

  async raise(alert: NewAlert): Promise<Alert | undefined> {
    const { tenantId, home, modelId, seriesId, kind, severity, summary, details, raisedAt } = alert;
    return await this.#in(alert, async (client) => {
      const { rows } = await client.query<{ alert_id: string }>(
        `INSERT INTO ml_registry.model_alerts (tenant_id, user_id, model_id, series, kind, severity, summary, details, raised_at)
         SELECT $1, public.suho_user(), model_id, $5, $6, $7, $8, $9, to_timestamp($10 / 1000.0) FROM ml_registry.models
         WHERE tenant_id IS NOT DISTINCT FROM $2 AND user_id IS NOT DISTINCT FROM public.suho_user()
           AND name = $3 AND artifact_sha256 = $4
         ORDER BY created_at DESC LIMIT 1
         ON CONFLICT DO NOTHING RETURNING alert_id`,
        [
          ownerOf(tenantId),
          ownerOf(home.tenantId),
          modelName(home),
          modelId,
          seriesId,
          kind,
          severity,
          summary,
          details,
          raisedAt,
        ],
      );
      return rows[0] === undefined ? undefined : await find(client, tenantId, rows[0].alert_id);
    });
  }

  async list(reader: SignalOwner, all: boolean): Promise<Alert[]> {
    return await this.#in(reader, async (client) => {
      const { rows } = await client.query<AlertRow>(
        `SELECT ${COLUMNS} FROM ml_registry.model_alerts a JOIN ml_registry.models m USING (model_id)
         WHERE a.tenant_id IS NOT DISTINCT FROM $1 AND ($2 OR a.resolved_at IS NULL)
         ORDER BY a.raised_at DESC LIMIT ${LISTED_MAX}`,
        [ownerOf(reader.tenantId), all],
      );
      return rows.map(toAlert);
    });
  }

  async acknowledge(reader: SignalOwner, alertId: string, act: AlertAct): Promise<Alert | undefined> {
    return await this.#change(
      reader,
      alertId,
      `SET acknowledged_at = to_timestamp($3 / 1000.0), acknowledged_by = $4
       WHERE acknowledged_at IS NULL AND resolved_at IS NULL`,
      act,
    );
  }

  async close(reader: SignalOwner, alertId: string, act: AlertAct): Promise<Alert | undefined> {
    return await this.#change(
      reader,
      alertId,
      'SET resolved_at = to_timestamp($3 / 1000.0), resolved_by = $4 WHERE resolved_at IS NULL',
      act,
    );
  }

  /** Ends the connections. */
  async end(): Promise<void> {
    await this.#database.close();
  }

  async #change(
    reader: SignalOwner,
    alertId: string,
    change: string,
    { by, at }: AlertAct,
  ): Promise<Alert | undefined> {
    if (!ID.test(alertId)) return undefined;
    const { tenantId } = reader;
    return await this.#in(reader, async (client) => {
      const { rowCount } = await client.query(
        `UPDATE ml_registry.model_alerts ${change} AND tenant_id IS NOT DISTINCT FROM $1 AND alert_id = $2`,
        [ownerOf(tenantId), alertId, at, by],
      );
      return rowCount === 0 ? undefined : await find(client, tenantId, alertId);
    });
  }

  async #in<T>(reader: SignalOwner, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    try {
      return await this.#database.transaction(scopeOf(reader), work);
    } catch (error) {
      if (error instanceof SuhoError) throw error;
      throw new SuhoError('STORE_UNAVAILABLE', `The store of alerts answered: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}

async function find(client: pg.PoolClient, tenantId: string, alertId: string): Promise<Alert | undefined> {
  const { rows } = await client.query<AlertRow>(
    `SELECT ${COLUMNS} FROM ml_registry.model_alerts a JOIN ml_registry.models m USING (model_id)
     WHERE a.tenant_id IS NOT DISTINCT FROM $1 AND a.alert_id = $2`,
    [ownerOf(tenantId), alertId],
  );
  return rows[0] === undefined ? undefined : toAlert(rows[0]);
}

/** A tenant as the registry's tables name it. */
function ownerOf(tenantId: string): string | null {
  return tenantId === PLATFORM ? null : tenantId;
}

function toAlert(row: AlertRow): Alert {
  const open = row.acknowledged === null ? 'open' : 'acknowledged';
  return {
    alertId: row.alert_id,
    tenantId: row.tenant_id ?? PLATFORM,
    ...(row.user_id === null ? {} : { userId: row.user_id }),
    seriesId: row.series,
    model: row.model,
    modelId: row.model_id,
    version: row.version,
    kind: row.kind,
    severity: row.severity,
    state: row.resolved === null ? open : 'closed',
    summary: row.summary,
    details: row.details,
    raisedAt: row.raised,
    acknowledgedAt: row.acknowledged ?? undefined,
    acknowledgedBy: row.acknowledged_by ?? undefined,
    closedAt: row.resolved ?? undefined,
    closedBy: row.resolved_by ?? undefined,
  };
}
