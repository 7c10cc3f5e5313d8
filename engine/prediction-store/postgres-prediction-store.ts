import { readFileSync } from 'node:fs';
import pg from 'pg';
import { HORIZONS } from '../../actors/features/labels.js';
import { likeliest } from '../../actors/signals/aggregation.js';
import type { Signal } from '../../actors/signals/signal.js';
import { SuhoError, messageOf } from '../errors.js';
import type { PredictionEvent } from '../journal/records.js';
import type { PredictionStore } from './prediction-store.js';

const SCHEMA = new URL('../../../schemas/03_timescaledb_predictions.sql', import.meta.url);

// bigint (count) as a number: no count here comes near 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

type Row = Record<string, unknown>;

function predictionRow(signal: Signal): Row {
  const primary = signal.patterns?.votes[signal.primaryHorizon];
  const row: Row = {
    prediction_id: signal.predictionId,
    tenant_id: signal.tenantId,
    symbol: signal.symbol,
    timeframe: signal.timeframe,
    bar_close_time: new Date(signal.barCloseTime).toISOString(),
    price: signal.price,
    model_id: signal.model.modelId,
    model_version: signal.model.version,
    arm: signal.model.arm,
    direction: signal.direction,
    confidence: signal.confidence,
    primary_horizon: HORIZONS[signal.primaryHorizon],
    abstained: signal.abstained,
    degraded: signal.degraded,
    anomaly: signal.anomaly,
    quality_score: signal.qualityScore,
    quality_flags: signal.qualityFlags,
    pattern_matches: primary?.matches ?? null,
    pattern_effective: primary?.effectiveSampleSize ?? null,
    pattern_win_rate: primary?.winRate ?? null,
    pattern_mean_return: primary?.meanReturn ?? null,
  };
  HORIZONS.forEach((horizon, i) => {
    const forecast = signal.forecasts[i]!;
    row[`down_${horizon}`] = forecast.down;
    row[`flat_${horizon}`] = forecast.flat;
    row[`up_${horizon}`] = forecast.up;
    row[`expected_return_${horizon}`] = forecast.expectedReturn;
    row[`predicted_${horizon}`] = likeliest(forecast).direction;
  });
  return row;
}

/** Predictions in PostgreSQL (or TimescaleDB), through `pg`. */
export class PostgresPredictionStore implements PredictionStore {
  readonly #pool: pg.Pool;

  constructor(connection: pg.ClientConfig) {
    this.#pool = new pg.Pool({ ...connection, max: 4, connectionTimeoutMillis: 5_000 });
    // A connection that breaks while idle is replaced on the next use.
    this.#pool.on('error', () => undefined);
  }

  async prepare(): Promise<void> {
    await this.#pool.query(readFileSync(SCHEMA, 'utf8'));
  }

  async write(events: readonly PredictionEvent[]): Promise<void> {
    const signals = events.flatMap((event) => (event.kind === 'signal' ? [predictionRow(event.signal)] : []));
    const client = await this.#pool.connect();
    // A server that goes away in mid-transaction tells the connection; the query that waits fails as well.
    const broken = (): void => undefined;
    client.on('error', broken);
    let failure: Error | undefined;
    try {
      await client.query('BEGIN');
      if (signals.length > 0) {
        const columns = Object.keys(signals[0]!).join(', ');
        await client.query(
          `INSERT INTO ml_predictions (${columns})
           SELECT ${columns} FROM jsonb_populate_recordset(NULL::ml_predictions, $1::jsonb)
           ON CONFLICT (prediction_id) DO NOTHING`,
          [JSON.stringify(signals)],
        );
      }
      for (const [i, horizon] of HORIZONS.entries()) await writeOutcomes(client, events, i, horizon);
      await client.query('COMMIT');
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      client.off('error', broken);
      // One that failed is not used again.
      client.release(failure);
    }
  }

  async sql(query: string): Promise<readonly Row[]> {
    try {
      return (await this.#pool.query<Row>(query)).rows;
    } catch (error) {
      throw new SuhoError('BAD_INPUT', `PostgreSQL answered: ${messageOf(error)}`);
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

async function writeOutcomes(
  client: pg.PoolClient,
  events: readonly PredictionEvent[],
  index: number,
  horizon: string,
): Promise<void> {
  const outcomes = events.flatMap((event) =>
    event.kind === 'outcome' && event.label.horizon === index && !Number.isNaN(event.label.direction)
      ? [
          {
            id: event.predictionId,
            direction: event.label.direction,
            return: event.label.return,
            at: new Date(event.label.resolvedAt).toISOString(),
          },
        ]
      : [],
  );
  if (outcomes.length === 0) return;
  await client.query(
    `UPDATE ml_predictions AS p
     SET actual_${horizon} = o.direction, return_${horizon} = o.return, resolved_${horizon} = o.at
     FROM jsonb_to_recordset($1::jsonb) AS o(id uuid, direction smallint, return double precision, at timestamptz)
     WHERE p.prediction_id = o.id`,
    [JSON.stringify(outcomes)],
  );
}
