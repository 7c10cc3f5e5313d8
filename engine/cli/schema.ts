import { Command } from 'commander';
import { loadConfig, type Config } from '../config.js';
import { applySchemas, schemaStatus } from '../database/schemas.js';
import { ClickHouseFeatureStore } from '../feature-store/clickhouse-feature-store.js';
import { ClickHouseServer } from '../feature-store/clickhouse-server.js';
import { WeaviatePatternIndex } from '../patterns/weaviate-pattern-index.js';
import { jsonOption } from './options.js';
import { postgresOptions, withPostgres, type PostgresOptions } from './postgres-session.js';
import { formatTable } from './table.js';

interface Options extends PostgresOptions {
  readonly again?: boolean;
  readonly json?: boolean;
}

interface SchemaState {
  readonly schema: string;
  readonly store: string;
  readonly state: string;
  readonly isApplied: boolean;
}

const CLICKHOUSE_FILES = ['01_clickhouse_ml_features', '06_clickhouse_predictions_history'];
const WEAVIATE_FILE = '04_weaviate_pattern_vectors';

function configOf({ config, data }: PostgresOptions): Config {
  return loadConfig(config, process.env, data === undefined ? {} : { data });
}

/** Does something with the ClickHouse server of a configuration; a data folder's own is its engine's. */
async function withClickHouse<T>(
  { clickhouse: { url, ...settings } }: Config,
  job: (store: ClickHouseFeatureStore) => Promise<T>,
): Promise<T | undefined> {
  if (url === undefined) return undefined;
  const store = new ClickHouseFeatureStore(new ClickHouseServer({ url, ...settings }));
  try {
    return await job(store);
  } finally {
    await store.close();
  }
}

function weaviateOf({ weaviate: { url, apiKey } }: Config): WeaviatePatternIndex | undefined {
  return url === undefined ? undefined : new WeaviatePatternIndex({ url, apiKey, anomalyFrom: Infinity });
}

async function statesOf(options: PostgresOptions): Promise<SchemaState[]> {
  const config = configOf(options);
  const files = await withPostgres(options, schemaStatus);
  const features = await withClickHouse(config, async (store) => await store.schemaState());
  const index = weaviateOf(config);
  const classes = index === undefined ? undefined : await index.isPrepared();
  return [
    ...CLICKHOUSE_FILES.map((schema) => ({
      schema,
      store: features === undefined ? 'ClickHouse, embedded' : 'ClickHouse',
      state: features ?? 'applied at every start',
      isApplied: features === undefined || features === 'applied',
    })),
    ...files.map(({ file, version, applied }) => ({
      schema: file,
      store: 'PostgreSQL',
      state:
        applied === undefined
          ? 'missing'
          : applied === version
            ? `applied, version ${applied}`
            : `version ${applied}; this version of Suho has ${version}`,
      isApplied: applied === version,
    })),
    {
      schema: WEAVIATE_FILE,
      store: classes === undefined ? 'not used' : 'Weaviate',
      state: classes === undefined ? '' : classes ? 'applied' : 'missing',
      isApplied: classes !== false,
    },
  ];
}

async function applyAll(options: Options): Promise<string[]> {
  const config = configOf(options);
  const before = await statesOf(options);
  const missing = new Set(before.filter(({ isApplied }) => !isApplied).map(({ schema }) => schema));
  await withClickHouse(config, async (store) => await store.prepare());
  const applied = await withPostgres(
    options,
    async (connection) =>
      await applySchemas(connection, options.again, (message) =>
        process.stderr.write(`suho: warning: ${message}\n`),
      ),
  );
  await weaviateOf(config)?.prepare();
  return [...CLICKHOUSE_FILES, ...applied, WEAVIATE_FILE].filter(
    (file) => missing.has(file) || applied.includes(file),
  );
}

export function schemaCommand(): Command {
  const apply = new Command('apply')
    .description('apply the schemas of this version to all configured stores; re-applying is a no-op')
    .option('--again', 're-apply also what PostgreSQL already has')
    .addOption(jsonOption())
    .action(async (options: Options) => {
      const applied = await applyAll(options);
      const text =
        applied.length === 0
          ? 'all schemas are already applied\n'
          : applied.map((file) => `applied ${file}\n`).join('');
      process.stdout.write(options.json === true ? `${JSON.stringify(applied)}\n` : text);
    });
  const status = new Command('status')
    .description('show which schemas the configured stores have')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExit status 0: all schemas are those of this version. 1: at least one is missing or of another version.',
    )
    .action(async (options: Options) => {
      const states = await statesOf(options);
      if (states.some(({ isApplied }) => !isApplied)) process.exitCode = 1;
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify(states)}\n`
          : `${formatTable(
              ['schema', 'store', 'state'],
              states.map(({ schema, store, state }) => [schema, store, state]),
            )}\n`,
      );
    });
  const command = new Command('schema').description('apply the stores’ schemas and show which are applied');
  for (const sub of [apply, status]) {
    for (const option of postgresOptions()) sub.addOption(option);
    command.addCommand(sub);
  }
  return command;
}
