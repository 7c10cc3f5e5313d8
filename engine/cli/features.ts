import { Argument, Command, Option } from 'commander';
import { CATALOGUE, FEATURE_COUNT, FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import type { FeatureSpec } from '../../actors/features/feature.js';
import { CHANNELS, SEQUENCE_BARS, SEQUENCE_VERSION } from '../../actors/features/sequence-channels.js';
import type { Bar } from '../../actors/market/bar.js';
import { PRICE_BASES, type PriceBasis } from '../../actors/market/quote.js';
import { BarGrid, gridName, readGridName } from '../../actors/market/bar-grid.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import { calendarOfRule } from '../calendars.js';
import { SuhoError } from '../errors.js';
import type { FeatureStore, SeriesIdentity } from '../feature-store/feature-store.js';
import { RowDecoder } from '../feature-store/table.js';
import { closedBars } from '../files/closed-bars.js';
import type { MarketFile } from '../files/market-file.js';
import { BarRows, LABELLED_COLUMNS, storedLabels, type RowForm } from './bar-rows.js';
import { EXPORT_FORMATS, writeExport, type ExportFormat, type ExportRow } from './export-writer.js';
import { featurePage } from './feature-page.js';
import {
  FILE_HELP,
  addFileOptions,
  calendarOfSeries,
  calendarOption,
  openInput,
  sayRefusals,
  type FileOptions,
} from './file-options.js';
import { withFeatureReads, type FeatureReads } from './engine-stores.js';
import {
  addressOption,
  dataOption,
  dateOption,
  identityOptions,
  jsonOption,
  symbolOption,
  timeframeOption,
} from './options.js';
import { startCounter } from './progress.js';
import { withFeatureStore } from './store-session.js';
import { formatTable, utc } from './table.js';

const NAMES = CATALOGUE.map(({ name }) => name);
const PAGE = 5_000;
const DAY_MS = 86_400_000;

interface SeriesOptions extends Pick<FileOptions, 'calendar' | 'config'> {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly tenant: string;
  readonly user?: string;
  readonly feed: string;
  readonly data: string;
}

export function featuresCommand(): Command {
  return new Command('features')
    .description('the feature catalogue, and the features of one bar or of a whole series')
    .addCommand(listCommand())
    .addCommand(describeCommand())
    .addCommand(showCommand())
    .addCommand(exportCommand());
}

function listCommand(): Command {
  return new Command('list')
    .description(`list the ${FEATURE_COUNT} features`)
    .addOption(
      new Option('--group <group>', 'only this group').choices([
        ...new Set(CATALOGUE.map(({ group }) => group)),
      ]),
    )
    .option('--markdown', 'print the documentation page')
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  suho features list --group momentum\n  suho features list --json')
    .action(({ group, json, markdown }: { group?: string; json?: boolean; markdown?: boolean }) => {
      if (markdown === true) {
        process.stdout.write(featurePage());
        return;
      }
      const chosen = CATALOGUE.filter((spec) => group === undefined || spec.group === group);
      if (json === true) {
        const sequence = { version: SEQUENCE_VERSION, bars: SEQUENCE_BARS, channels: CHANNELS };
        process.stdout.write(
          `${JSON.stringify({ version: FEATURE_SET_VERSION, features: chosen, sequence })}\n`,
        );
        return;
      }
      const rows = chosen.map(({ name, group: of, unit, warmUpBars, form }) => [
        name,
        of,
        unit,
        String(warmUpBars),
        form,
      ]);
      process.stdout.write(
        `${formatTable(['feature', 'group', 'unit', 'first bar', 'model form'], rows)}\n${chosen.length} features, feature set ${FEATURE_SET_VERSION}\n`,
      );
    });
}

function find(name: string): FeatureSpec {
  const spec = CATALOGUE.find((candidate) => candidate.name === name.toLowerCase());
  if (spec !== undefined) return spec;
  const near = NAMES.filter((candidate) => candidate.includes(name.toLowerCase())).slice(0, 8);
  const hint = near.length > 0 ? `; did you mean ${near.join(', ')}?` : '; suho features list shows all.';
  throw new SuhoError('NOT_FOUND', `There is no feature "${name}"${hint}`);
}

function describeCommand(): Command {
  return new Command('describe')
    .description('describe a feature')
    .addArgument(new Argument('<name>', 'name of the feature'))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  suho features describe rsi_14')
    .action((name: string, { json }: { readonly json?: boolean }) => {
      const spec = find(name);
      process.stdout.write(
        json === true
          ? `${JSON.stringify(spec)}\n`
          : [
              `${spec.name} (${spec.group})`,
              `  ${spec.formula}`,
              `  unit: ${spec.unit}`,
              `  first value on bar ${spec.warmUpBars}`,
              `  enters a model as: ${spec.form}`,
              ...(spec.talib === undefined ? [] : [`  equal to TA-Lib's ${spec.talib}`]),
              '',
            ].join('\n'),
      );
    });
}

function identityOf({ tenant, user, feed, symbol, timeframe, ...rest }: SeriesOptions): SeriesIdentity {
  const { name: calendar } = calendarOfSeries(symbol, rest);
  return {
    tenantId: tenant,
    ...(user === undefined ? {} : { userId: user }),
    feed,
    symbol,
    ...readGridName(gridName({ timeframe, calendar })),
  };
}

async function missing(store: Pick<FeatureStore, 'sql'>, series: SeriesIdentity): Promise<SuhoError> {
  const { symbol, tenantId, feed } = series;
  const known = await store.sql(
    'SELECT DISTINCT tenant_id AS t, feed AS f, symbol AS s, timeframe AS tf FROM ml_features LIMIT 20',
  );
  const list = known.map(
    (row) =>
      `${String(row['s'])} ${String(row['tf'])} (--tenant ${String(row['t'])} --feed ${String(row['f'])})`,
  );
  return new SuhoError(
    'NOT_FOUND',
    `There are no ${gridName(series)} features of ${symbol} from feed ${feed} for ${tenantId}. The store has ${list.length === 0 ? 'none at all' : list.join(', ')}.`,
  );
}

function withSeries(command: Command): Command {
  command.addOption(symbolOption()).addOption(timeframeOption('timeframe of the bars'));
  for (const option of identityOptions()) command.addOption(option);
  return command.addOption(dataOption());
}

function showCommand(): Command {
  return withSeries(new Command('show').description('show the stored features of one bar'))
    .addOption(dateOption('--at <moment>', 'the last bar that closed at or before it').makeOptionMandatory())
    .addOption(calendarOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  suho features show --symbol GBPUSD --timeframe 1h --at 2020-03-09T12:00:00Z --data gbp',
    )
    .action(async (options: SeriesOptions & { readonly at: number; readonly json?: boolean }) => {
      const series = identityOf(options);
      const { bar, values, extras } = await withFeatureStore(options, true, async (store) => {
        const [newest] = await store.bars(series, options.at, 1);
        if (newest === undefined) throw await missing(store, series);
        const rows = new RowDecoder(
          series,
          await store.rows(series, newest.openTime, newest.openTime + 1, 1),
        );
        if (rows.rows === 0) throw await missing(store, series);
        const added = await store.extras(series, newest.openTime, newest.openTime + 1);
        return {
          bar: newest,
          values: NAMES.map((_, column) => rows.feature(0, column)),
          extras: added.get(newest.openTime) ?? {},
        };
      });
      const grid = BarGrid.of(options.timeframe, calendarOfRule(calendarOfSeries(options.symbol, options)));
      const closeTime = grid.closeOf(bar.openTime);
      if (options.json === true) {
        const known = (x: number | undefined): number | null =>
          x === undefined || Number.isNaN(x) ? null : x;
        const features = Object.fromEntries([
          ...NAMES.map((name, i) => [name, known(values[i])] as const),
          ...Object.entries(extras).map(([name, x]) => [name, known(x)] as const),
        ]);
        process.stdout.write(
          `${JSON.stringify({ ...series, openTime: bar.openTime, closeTime, features })}\n`,
        );
        return;
      }
      const text = (x: number): string => (Number.isNaN(x) ? 'unknown' : String(Number(x.toPrecision(7))));
      const rows = [
        ...CATALOGUE.map(({ name, unit }, i) => [name, text(values[i]!), unit]),
        ...Object.entries(extras).map(([name, x]) => [name, text(x), "the tenant's own"]),
      ];
      process.stdout.write(
        `${series.symbol} ${gridName(series)}, the bar that closed ${utc(closeTime)} UTC\n${formatTable(['feature', 'value', 'unit'], rows)}\n`,
      );
    });
}

interface ExportOptions extends SeriesOptions, Omit<FileOptions, 'format'> {
  readonly inputFormat?: string;
  readonly format: ExportFormat;
  readonly out: string;
  readonly fromStore?: boolean;
  readonly labels?: boolean;
  readonly modelForm?: boolean;
  readonly channels?: boolean;
  readonly from?: number;
  readonly to?: number;
  readonly basis: PriceBasis;
  readonly address: string;
  readonly json?: boolean;
}

const EXPORT_HELP = `
Examples:
  suho features export GBPUSD_h1.csv.gz --symbol GBPUSD --timeframe 1h --format parquet --out gbp.parquet
  suho features export GBPUSD_h1.csv.gz --symbol GBPUSD --timeframe 1h --format csv --out gbp.csv --labels
  suho features export --from-store --symbol GBPUSD --timeframe 1h --format csv --out gbp.csv --data gbp

Features are 64-bit when computed from a file and 32-bit from the store. What is not known (a feature before its first
value, a label whose horizon is not over) is empty (csv) or null (jsonl, parquet). A data folder that an engine uses is read
through that engine (--address, SUHO_API_KEY of an operator).

--labels adds quality_flags (quality_score is a feature) and, for each horizon H of 1h, 4h and 1d: label_direction_H (-1,
0, 1), label_return_H, label_max_gain_H, label_max_loss_H, label_barrier_H (1 take-profit first, -1 stop first, 0 neither)
and label_resolved_at_H (epoch ms at which the label became known: train on nothing that was known later).

--channels adds channel_NAME for each sequence channel of the row's bar (suho features list --json names them), as a model is
given them: its input are those of the last ${SEQUENCE_BARS} bars, oldest first.`;

function exportCommand(): Command {
  return addFileOptions(
    withSeries(
      new Command('export')
        .description(
          'write one row a bar: ts (open time, epoch ms), every feature and, on demand, quality and labels',
        )
        .argument('[file]', FILE_HELP),
    ),
    'input-format',
  )
    .addOption(
      new Option('--format <format>', 'format of the file')
        .choices([...EXPORT_FORMATS])
        .makeOptionMandatory(),
    )
    .addOption(new Option('--out <path>', 'file to write').makeOptionMandatory())
    .option('--from-store', 'export what is stored in the data folder instead of computing from a file')
    .addOption(addressOption())
    .option('--labels', 'what came of each bar, and the quality of its data, in further columns of its row')
    .option('--model-form', 'features as a model takes them, to train one on (docs/python-models.md)')
    .option('--channels', 'the sequence channels of each bar too, to train a model of sequences on')
    .addOption(dateOption('--from <date>', 'only bars that open at or after it'))
    .addOption(dateOption('--to <date>', 'only bars that open before it'))
    .addOption(new Option('--basis <price>', 'price of a quote').choices([...PRICE_BASES]).default('bid'))
    .addOption(jsonOption())
    .addHelpText('after', EXPORT_HELP)
    .action(runExport);
}

async function runExport(file: string | undefined, options: ExportOptions): Promise<void> {
  if ((file === undefined) !== (options.fromStore === true))
    throw new SuhoError('BAD_INPUT', 'Give either a file to compute from or --from-store.');
  const {
    labels: hasLabels = false,
    channels: hasChannels = false,
    modelForm: isModelForm = false,
  } = options;
  const form: RowForm = { hasLabels, hasChannels, isModelForm };
  if (file === undefined && isModelForm)
    throw new SuhoError('BAD_INPUT', 'The store has features as they are; give the file for --model-form.');
  if (file === undefined && hasChannels)
    throw new SuhoError('BAD_INPUT', 'The store has no sequence channels; give the file for --channels.');
  const input =
    file === undefined ? undefined : await openInput(file, { ...options, format: options.inputFormat });
  const counter = startCounter('export');
  let done = 0;
  async function* counted(chunks: AsyncIterable<readonly ExportRow[]>): AsyncGenerator<readonly ExportRow[]> {
    for await (const chunk of chunks) {
      done += chunk.length;
      counter.update(done, '');
      yield chunk;
    }
  }
  const write = async (
    names: readonly string[],
    chunks: AsyncIterable<readonly ExportRow[]>,
  ): Promise<number> => await writeExport(options.out, options.format, names, counted(chunks));
  const rows = await (
    input === undefined
      ? withFeatureReads(options, async (store) => {
          const added = await store.extraColumns(identityOf(options));
          const further = hasLabels ? LABELLED_COLUMNS : [];
          return await write([...NAMES, ...further, ...added], storedRows(store, options, added));
        })
      : writeComputed(input, options, form, write)
  ).finally(() => counter.stop());
  const read = input?.report();
  sayRefusals(read);
  const late = read?.late ?? 0;
  const rejected = (read?.refused ?? 0) - late;
  const report = {
    rows,
    features: FEATURE_COUNT,
    out: options.out,
    inputs: read?.rows ?? 0,
    rejected,
    late,
    ...(read === undefined ? {} : { reading: read }),
    version: FEATURE_SET_VERSION,
    ...(hasChannels ? { sequenceVersion: SEQUENCE_VERSION } : {}),
  };
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify(report)}\n`
      : `${rows} rows of ${FEATURE_COUNT} features in ${options.out}${rejected + late > 0 ? `; ${rejected} rows rejected, ${late} late` : ''}\n`,
  );
}

async function writeComputed(
  file: MarketFile,
  options: ExportOptions,
  form: RowForm,
  write: (names: readonly string[], chunks: AsyncIterable<readonly ExportRow[]>) => Promise<number>,
): Promise<number> {
  const rows = new BarRows(options.timeframe, options.basis, calendarOfRule(file.calendar), form);
  return await write([...NAMES, ...rows.further], computedRows(file, rows, options));
}

async function* computedRows(
  file: MarketFile,
  rows: BarRows,
  { timeframe, basis, from = -Infinity, to = Infinity }: ExportOptions,
): AsyncGenerator<ExportRow[]> {
  const isWanted = ({ openTime }: Bar): boolean => openTime >= from && openTime < to;
  for await (const bars of closedBars(file, timeframe, basis))
    yield bars.flatMap((bar) => rows.take(bar, isWanted(bar)));
  yield rows.rest();
}

async function* storedRows(
  store: FeatureReads,
  options: ExportOptions,
  added: readonly string[],
): AsyncGenerator<ExportRow[]> {
  const series = identityOf(options);
  let { from = 0 } = options;
  const { to = Date.now() + DAY_MS } = options;
  for (let page = 0; ; page++) {
    const decoder = new RowDecoder(series, await store.rows(series, from, to, PAGE));
    if (decoder.rows === 0) {
      if (page === 0) throw await missing(store, series);
      return;
    }
    const last = decoder.openTime(decoder.rows - 1);
    const extras = added.length === 0 ? new Map() : await store.extras(series, from, last + 1);
    yield Array.from({ length: decoder.rows }, (_, row) => {
      const ts = decoder.openTime(row);
      const own = extras.get(ts) as Readonly<Record<string, number>> | undefined;
      return {
        ts,
        values: [
          ...NAMES.map((__, column) => decoder.feature(row, column)),
          ...(options.labels === true ? storedLabels(decoder, row) : []),
          ...added.map((name) => own?.[name] ?? NaN),
        ],
      };
    });
    from = last + 1;
  }
}
