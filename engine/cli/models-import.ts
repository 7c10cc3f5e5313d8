import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { gridName, readGridName } from '../../actors/market/bar-grid.js';
import { HORIZONS } from '../../actors/features/labels.js';
import { calendarOfRule } from '../calendars.js';
import { loadConfig } from '../config.js';
import { PLATFORM } from '../credentials/tenant-id.js';
import { SuhoError, messageOf } from '../errors.js';
import { MODEL_BYTES_MAX } from '../inference/model-session.js';
import { ModelTrials } from '../inference/model-trials.js';
import { FILE_FEED } from '../instruments/ids.js';
import { DataFolder } from '../journal/data-folder.js';
import { IMPORT_CONTRACTS, IMPORT_TASKS, inspectImport } from '../learning/imported-model.js';
import { importModel, type ModelImport } from '../learning/model-import.js';
import { openArtifacts } from '../registry/open.js';
import { modelName, type ModelRecord, type ModelSeries } from '../registry/model-registry.js';
import { PostgresModelRegistry } from '../registry/postgres-model-registry.js';
import { barsOf } from './bar-source.js';
import { calendarOfSeries, sayRefusals, type FileOptions } from './file-options.js';
import { importSettings, type ImportOptions } from './import-settings.js';
import {
  dataOption,
  dateOption,
  jsonOption,
  readName,
  readOwner,
  symbolOption,
  timeframeOption,
} from './options.js';
import { withPostgres } from './postgres-session.js';
import { scoreTable } from './score-table.js';

interface Options extends FileOptions, ImportOptions {
  readonly symbol: string;
  readonly tenant: string;
  readonly user?: string;
  readonly feed: string;
  readonly data: string;
  readonly evaluate?: string;
  readonly json?: boolean;
}

const HELP = `
Examples:
  suho models import forest.onnx --contract row --symbol EURUSD --timeframe 1h --task directions --horizon 1h \\
    --feature-set fs2-… --trained-through 2018-01-01 --evaluate EURUSD_h1.csv.gz --data eurusd

What the file's metadata say under the names of the options (task, horizon, features, featureSet, trainedThrough, …), the
options need not. Tasks: directions (probabilities of down, flat and up over one horizon), updown (of down and up, or of up alone),
return (the expected return; --deviation is the standard deviation of its errors), contract (probabilities, rows × 9, and returns,
rows × 3, as Suho's own models have them). With --contract sequence it takes the last 32 bars × 22 channels, oldest bar first; unknown
numbers are NaN. See docs/python-models.md.

The file is checked before any of it runs and tried in a process of its own with limits on time and memory. It is registered in
staging, never in production.`;

function numbers(text: string): number[] {
  const list = text.split(',').map(Number);
  if (list.length !== 3 || !list.every(Number.isFinite))
    throw new InvalidArgumentError(`"${text}" is not three numbers with commas between.`);
  return list;
}

function number(text: string): number {
  const x = Number(text);
  if (text.trim() === '' || !Number.isFinite(x)) throw new InvalidArgumentError(`"${text}" is not a number.`);
  return x;
}

export function modelsImportCommand(): Command {
  const command = new Command('import')
    .description(
      'register a model of scikit-learn, XGBoost, LightGBM, PyTorch or another library, in staging',
    )
    .argument('<file>', 'ONNX file');
  for (const option of [
    new Option(
      '--contract <kind>',
      'what the model takes: one row of features, or the last bars as a sequence',
    )
      .choices(IMPORT_CONTRACTS)
      .makeOptionMandatory(),
    symbolOption(),
    timeframeOption('timeframe of the series'),
    new Option('--tenant <id>', 'tenant the model belongs to; platform for a shared one')
      .argParser(readOwner)
      .default(PLATFORM),
    new Option('--user <id>', 'user of the tenant the model is for alone'),
    new Option('--feed <name>', 'feed of the series').argParser(readName).default(FILE_FEED),
    dataOption(),
    new Option('--config <file>', 'configuration file (JSON)'),
    new Option('--task <task>', 'what its output is').choices(IMPORT_TASKS),
    new Option('--horizon <horizon>', 'horizon it predicts').choices([...HORIZONS]),
    new Option('--output <name>', 'output to take, where several fit'),
    new Option(
      '--features <names>',
      'features it takes, by name, commas between; all of the catalogue without it',
    ),
    new Option(
      '--feature-set <version>',
      'feature set it was trained on (suho features list --json says it)',
    ),
    new Option(
      '--sequence-version <version>',
      'version of the sequence channels it was trained on (suho features list --json says it)',
    ),
    dateOption('--trained-from <moment>', 'close of the oldest bar it was trained on'),
    dateOption('--trained-through <moment>', 'close of the newest bar it was trained on'),
    new Option('--rows <n>', 'rows it was trained on').argParser(number),
    new Option('--fill <number>', 'number to put for a feature that is not known').argParser(number),
    new Option('--logits', 'its output is logits, not probabilities'),
    new Option('--classes <list>', 'order of its three classes (default -1,0,1)').argParser(numbers),
    new Option(
      '--class-returns <list>',
      'expected return that goes with down, flat, up (default 0,0,0)',
    ).argParser(numbers),
    new Option('--flat-share <share>', 'updown: probability left to flat (default 0)').argParser(number),
    new Option('--deviation <return>', 'return: standard deviation of its errors').argParser(number),
    new Option('--dead-zone <return>', 'return: below it a move is flat (default 0)').argParser(number),
    new Option('--evaluate <file>', 'bars to score it on, later than those it was trained on'),
    jsonOption(),
  ])
    command.addOption(option);
  return command.addHelpText('after', HELP).action(run);
}

async function run(file: string, options: Options): Promise<void> {
  const { tenant: tenantId, user: userId } = options;
  if (userId !== undefined && tenantId === PLATFORM)
    throw new SuhoError('BAD_INPUT', '--user is a user of a tenant: say which with --tenant.');
  const bytes = await read(file);
  const settings = importSettings(options, inspectImport(bytes).metadata);
  const { name: calendar } = calendarOfSeries(options.symbol, options);
  const series: ModelSeries = {
    tenantId,
    ...(userId === undefined ? {} : { userId }),
    feed: options.feed,
    symbol: options.symbol,
    ...readGridName(gridName({ timeframe: options.timeframe, calendar })),
  };
  const given: ModelImport = { bytes, series, ...settings, evaluation: await evaluationOf(options) };
  const record = await register(given, options);
  process.stdout.write(options.json === true ? `${JSON.stringify(record)}\n` : describe(record));
}

async function read(file: string): Promise<Uint8Array> {
  try {
    const found = await stat(file);
    // A device has no end, and a pipe perhaps no writer.
    if (!found.isFile()) throw new SuhoError('BAD_FILE', `${file} is no file.`);
    if (found.size > MODEL_BYTES_MAX)
      throw new SuhoError(
        'BAD_MODEL',
        `The file cannot be imported: it has ${found.size} bytes; a model may have ${MODEL_BYTES_MAX}.`,
      );
    return await readFile(file);
  } catch (error) {
    if (error instanceof SuhoError) throw error;
    throw new SuhoError('BAD_FILE', `${file} cannot be read: ${messageOf(error)}.`);
  }
}

async function evaluationOf({
  evaluate,
  symbol,
  timeframe,
  tenant,
  feed,
  data,
  ...reading
}: Options): Promise<ModelImport['evaluation']> {
  if (evaluate === undefined) return undefined;
  const { calendar, config } = reading;
  const market = await barsOf(evaluate, {
    symbol,
    timeframe,
    tenant,
    feed,
    data,
    basis: 'bid',
    ...(calendar === undefined ? {} : { calendar }),
    ...(config === undefined ? {} : { config }),
  });
  sayRefusals(market.report);
  return { bars: market.bars, calendar: calendarOfRule(market.calendar) };
}

async function register(given: ModelImport, options: Options): Promise<ModelRecord> {
  const config = loadConfig(options.config, process.env, { data: options.data });
  if (!existsSync(path.join(config.data, 'suho.json'))) DataFolder.open(config.data).release();
  const trials = new ModelTrials();
  const artifacts = openArtifacts(path.join(config.data, 'artifacts'), config.artifacts);
  try {
    return await withPostgres(options, async (connection) => {
      const registry = new PostgresModelRegistry(connection);
      try {
        return await importModel(given, {
          registry,
          artifacts,
          tryPair: async (pair) => await trials.run(pair),
        });
      } finally {
        await registry.close();
      }
    });
  } finally {
    artifacts.close();
    await trials.close();
  }
}

function describe(record: ModelRecord): string {
  const { version, scores, edge, primaryHorizon, architecture } = record;
  const { task } = record.hyperparameters;
  const horizon = HORIZONS[primaryHorizon]!;
  const known =
    scores.length === 0
      ? 'Nothing is known of its skill, so the engine abstains on it; --evaluate FILE scores it on later bars.'
      : edge[primaryHorizon] === true
        ? `It has skill over ${horizon}.`
        : `It showed no skill over ${horizon}, so the engine abstains on it.`;
  return [
    `Model ${version} of ${modelName(record)}, ${architecture}, is registered in staging.`,
    ...(scores.length === 0
      ? []
      : [
          scoreTable(
            'later samples',
            scores.filter((_, i) => task === 'contract' || i === primaryHorizon),
          ),
        ]),
    known,
    '',
  ].join('\n');
}
