import { Argument, Command, Option } from 'commander';
import { readerOf } from '../database/reader.js';
import { PostgresPredictionStore } from '../prediction-store/postgres-prediction-store.js';
import { addressOption, jsonOption, readTenant } from './options.js';
import { postgresOptions, withPostgres, type PostgresOptions } from './postgres-session.js';
import { withFeatureReads } from './engine-stores.js';
import { formatTable } from './table.js';

interface Options extends PostgresOptions {
  readonly tenant?: string;
  readonly json?: boolean;
  readonly address: string;
}

type Rows = readonly Record<string, unknown>[];

export function sqlCommand(): Command {
  const command = new Command('sql')
    .description('query the stores, read-only: features in ClickHouse SQL, predictions in PostgreSQL SQL')
    .addArgument(new Argument('<store>', 'which store').choices(['features', 'predictions']))
    .argument('<query>', 'one statement')
    .addOption(new Option('--tenant <id>', 'read only rows of this tenant, not all').argParser(readTenant))
    .addOption(addressOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  suho sql features 'SELECT symbol, count() FROM ml_features GROUP BY symbol'
  suho sql predictions 'SELECT direction, count(*) FROM ml_predictions GROUP BY 1' --json

Features of a data folder that an engine uses are queried through that engine (--address, SUHO_API_KEY of an operator), which
answers 10,000 rows at most. Each feature row is seen once, with the labels known so far. A query runs for 60 seconds at most; it writes nothing and reads no other files.`,
    )
    .action(async (store: 'features' | 'predictions', query: string, options: Options) => {
      const rows =
        store === 'features'
          ? await withFeatureReads(options, async (features) => await features.sql(query, options.tenant))
          : await withPostgres(options, async (connection, isOwn) => {
              const reader = isOwn ? await readerOf(connection, options.tenant !== undefined) : connection;
              const predictions = new PostgresPredictionStore(reader);
              try {
                return await predictions.sql(query, options.tenant);
              } finally {
                await predictions.close();
              }
            });
      process.stdout.write(options.json === true ? `${JSON.stringify(rows)}\n` : describe(rows));
    });
  for (const option of postgresOptions()) command.addOption(option);
  return command;
}

function describe(rows: Rows): string {
  if (rows.length === 0) return 'no rows\n';
  const head = Object.keys(rows[0]!);
  const cell = (value: unknown): string => {
    if (value === null || value === undefined) return '';
    if (value instanceof Date) return value.toISOString();
    return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean);
  };
  return `${formatTable(
    head,
    rows.map((row) => head.map((name) => cell(row[name]))),
  )}\n`;
}
