import { Argument, Command } from 'commander';
import type { DataFolder } from '../journal/data-folder.js';
import { EmbeddedPostgres } from '../database/embedded-postgres.js';
import { applySchemas } from '../database/schemas.js';
import { PostgresPredictionStore } from '../prediction-store/postgres-prediction-store.js';
import { dataOption, jsonOption } from './options.js';
import { withFeatureStore } from './store-session.js';
import { formatTable } from './table.js';

interface Options {
  readonly data: string;
  readonly json?: boolean;
}

type Rows = readonly Record<string, unknown>[];

export function sqlCommand(): Command {
  return new Command('sql')
    .description('ask a data folder: features in ClickHouse SQL, predictions in PostgreSQL SQL')
    .addArgument(new Argument('<store>', 'which store').choices(['features', 'predictions']))
    .argument('<query>', 'one statement')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  suho sql features 'SELECT symbol, count() FROM ml_features GROUP BY symbol'
  suho sql predictions 'SELECT direction, count(*) FROM ml_predictions GROUP BY 1' --json

The folder must not be in use by an engine. Each feature row is seen once, with the labels known so far.`,
    )
    .action(async (store: 'features' | 'predictions', query: string, { data, json }: Options) => {
      const rows = await withFeatureStore(data, true, async (features, folder) =>
        store === 'features' ? await features.sql(query) : await askPredictions(folder, query),
      );
      process.stdout.write(json === true ? `${JSON.stringify(rows)}\n` : describe(rows));
    });
}

async function askPredictions(folder: DataFolder, query: string): Promise<Rows> {
  const server = new EmbeddedPostgres(folder.at('postgres'));
  try {
    await server.start();
    await applySchemas(server.connection);
    const store = new PostgresPredictionStore(server.connection);
    try {
      return await store.sql(query);
    } finally {
      await store.close();
    }
  } finally {
    await server.stop();
  }
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
