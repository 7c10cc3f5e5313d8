import path from 'node:path';
import { makeBackup, type BackupReport } from '../backup/backup.js';
import { ownReader } from '../database/own-cluster.js';
import type { Engine } from '../engine.js';
import type { SeriesIdentity } from '../feature-store/feature-store.js';
import { openPredictions } from '../prediction-store/open.js';

import type { SinkStatus } from '../sinks/sink.js';
import type { ReloadReport } from './reload.js';

type Rows = readonly Record<string, unknown>[];

type Query = (sql: string, tenantId: string | undefined, rowsMax: number) => Promise<Rows>;

/** What operators do to a running engine. */
export interface Operations {
  /** Runs a statement that reads the feature store; `rowsMax` rows or a few more. Throws `BAD_INPUT`. */
  readonly queryFeatures: Query;
  /** Runs a statement that reads the predictions, `rowsMax` rows at most. Throws `BAD_INPUT`. */
  readonly queryPredictions: Query;
  /** Stored rows of a series as RowBinary. */
  featureRows(series: SeriesIdentity, from: number, to: number, limit: number): Promise<Uint8Array>;
  /** Copies the data folder; see {@link makeBackup}. */
  backup(name: string): Promise<BackupReport>;
}

/** What operators do to a served engine. */
export interface ServedOperations extends Operations {
  /** Refuses tenants’ input, or takes it again; settles when the stores have everything, or after `waitMs`. Returns those behind. */
  drain(isOn: boolean, waitMs: number): Promise<readonly SinkStatus[]>;
  /** Reads the configuration again. Throws `BAD_CONFIG`. */
  reload(): ReloadReport;
}

/** {@link Operations} on an engine. */
export function operationsOf({ config, features, predictions, journal }: Engine): Operations {
  let backingUp: Promise<BackupReport> | undefined;
  return {
    queryFeatures: async (sql, tenantId, rowsMax) => await features.sql(sql, tenantId, rowsMax),
    queryPredictions: async (sql, tenantId, rowsMax) => {
      // The engine is the administrator of its own server; a query must not be.
      const connection =
        config.postgres.url === undefined
          ? await ownReader(path.join(config.data, 'postgres'), tenantId !== undefined)
          : undefined;
      if (connection === undefined) return await predictions.sql(sql, tenantId, rowsMax);
      const reader = openPredictions(connection);
      try {
        return await reader.sql(sql, tenantId, rowsMax);
      } finally {
        await reader.close();
      }
    },
    featureRows: async (series, from, to, limit) => await features.rows(series, from, to, limit),
    backup: async (name) => {
      // One after the other: two would only take the disk from each other.
      const before = backingUp;
      const work = (async () => {
        await before?.catch(() => undefined);
        const folder = path.resolve(config.data);
        return await makeBackup(
          {
            folder,
            isClickHouseEmbedded: config.clickhouse.url === undefined,
            compactJournal: async () => await journal.compact(),
          },
          path.resolve(config.backup.folder ?? path.join(folder, 'backups')),
          name,
        );
      })();
      backingUp = work;
      return await work;
    },
  };
}
