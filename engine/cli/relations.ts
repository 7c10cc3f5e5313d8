import { Command, InvalidArgumentError, Option } from 'commander';
import { BarGrid } from '../../actors/market/bar-grid.js';
import { PRICE_BASES } from '../../actors/market/quote.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import { calendarOfRule } from '../calendars.js';
import { loadConfig } from '../config.js';
import { SuhoError } from '../errors.js';
import { openRelations } from '../relations/open.js';
import type { RelationSnapshot, RelationStore } from '../relations/relation-store.js';
import {
  DEFAULT_RELATIONS,
  relationsOf,
  type MarketSeries,
  type RelationReport,
} from '../relations/relations.js';
import { barsOf, type BarSourceOptions } from './bar-source.js';
import { addFileOptions } from './file-options.js';
import {
  countOption,
  dataOption,
  dateOption,
  identityOptions,
  jsonOption,
  timeframeOption,
} from './options.js';
import { formatTable, utc } from './table.js';

interface Options extends Omit<BarSourceOptions, 'symbol'> {
  readonly symbols?: string;
  readonly timeframe: Timeframe;
  readonly at?: number;
  readonly window: number;
  readonly lags: number;
  readonly falseDiscoveries: number;
  readonly keep?: boolean;
  readonly json?: boolean;
}

const HELP = `
Examples:
  suho relations EURUSD_h1.csv.gz GBPUSD_h1.csv.gz XAUUSD_h1.csv.gz --timeframe 1h
  suho relations --from-store --symbols EURUSD,GBPUSD --timeframe 1h --data fx --keep
  suho relations --timeframe 1h --data fx --at 2018-06-01

Correlations of returns over the newest --window bars that two markets share, at the same time and with either leading by up to
--lags bars. What is shown is not chance: of all relations that are shown, at most --false-discoveries are expected to be false.
Without markets, the newest relations that were kept up to --at are shown.`;

function readShare(text: string): number {
  const share = Number(text);
  if (!(share > 0 && share < 1)) throw new InvalidArgumentError(`"${text}" is not a share between 0 and 1.`);
  return share;
}

export function relationsCommand(): Command {
  const command = addFileOptions(
    new Command('relations')
      .description('which markets move together, and which lead others')
      .argument('[files...]', 'files of bars, one a market')
      .option('--from-store', 'the bars that are stored in the data folder instead of files')
      .option('--symbols <list>', 'with --from-store: symbols, commas between')
      .addOption(timeframeOption('timeframe of the bars')),
  );
  for (const option of [
    ...identityOptions(),
    dataOption(),
    dateOption('--at <moment>', 'as it was known then; without it, at the newest bar'),
    countOption('--window <bars>', 'bars a correlation is over', DEFAULT_RELATIONS.window),
    countOption('--lags <bars>', 'bars one market may lead by, at most', DEFAULT_RELATIONS.lagMax),
    new Option('--false-discoveries <share>', 'share of false relations that is borne')
      .argParser(readShare)
      .default(DEFAULT_RELATIONS.falseDiscoveries),
    new Option('--basis <price>', 'price of a quote').choices([...PRICE_BASES]).default('bid'),
    new Option('--keep', 'keep them: in Weaviate when one is configured, else in the data folder'),
    jsonOption(),
  ])
    command.addOption(option);
  return command.addHelpText('after', HELP).action(run);
}

async function run(files: readonly string[], options: Options): Promise<void> {
  if (files.length === 0 && options.fromStore !== true) {
    await showKept(options);
    return;
  }
  const markets = await marketsOf(files, options);
  if (markets.length < 2)
    throw new SuhoError('BAD_INPUT', 'Relations are between markets: give two or more.');
  const twice = markets.find(({ symbol }, i) => markets.findIndex((each) => each.symbol === symbol) < i);
  if (twice !== undefined)
    throw new SuhoError(
      'BAD_INPUT',
      `Two of the files are of ${twice.symbol}; begin their names with their symbols.`,
    );
  const newest = Math.max(...markets.map(({ bars, closeOf }) => closeOf(bars.at(-1)!.openTime)));
  const at = options.at ?? newest;
  const report = relationsOf(markets, {
    at,
    window: options.window,
    lagMax: options.lags,
    falseDiscoveries: options.falseDiscoveries,
  });
  const snapshot = {
    tenantId: options.tenant,
    timeframe: options.timeframe,
    at,
    relations: report.relations,
  };
  if (options.keep === true) await storeOf(options).keep(snapshot);
  say(snapshot, options, report);
}

async function marketsOf(files: readonly string[], options: Options): Promise<MarketSeries[]> {
  const { symbols = '', ...source } = options;
  const asked: readonly (readonly [string | undefined, BarSourceOptions])[] =
    options.fromStore === true
      ? symbols.split(',').map((symbol) => [undefined, { ...source, symbol: symbol.trim().toUpperCase() }])
      : files.map((file) => [file, source]);
  const markets: MarketSeries[] = [];
  for (const [file, of] of asked) {
    const { symbol, bars, timeframe, calendar } = await barsOf(file, of);
    const grid = BarGrid.of(timeframe, calendarOfRule(calendar));
    if (bars.length > 0) markets.push({ symbol, bars, closeOf: (openTime) => grid.closeOf(openTime) });
  }
  return markets;
}

function storeOf({ config, data }: Options): RelationStore {
  const { weaviate, data: folder } = loadConfig(config, process.env, { data });
  return openRelations(weaviate, folder);
}

async function showKept(options: Options): Promise<void> {
  const at = options.at ?? Number.MAX_SAFE_INTEGER;
  const limit = Math.min(at, Date.UTC(2200, 0, 1));
  const kept = await storeOf(options).asOf(options.tenant, options.timeframe, limit);
  if (kept === undefined)
    throw new SuhoError(
      'NOT_FOUND',
      `No relations of ${options.timeframe} bars were kept for ${options.tenant}${options.at === undefined ? '' : ' up to then'}; give files or --from-store, with --keep.`,
    );
  say(kept, options);
}

function say(snapshot: RelationSnapshot, { json }: Options, report?: RelationReport): void {
  if (json === true) {
    process.stdout.write(`${JSON.stringify({ ...snapshot, ...report })}\n`);
    return;
  }
  const rows = snapshot.relations.map(({ from, to, lag, correlation, shrunk, qValue, before, effective }) => [
    lag === 0 ? `${from} with ${to}` : `${from} leads ${to} by ${lag}`,
    correlation.toFixed(3),
    shrunk.toFixed(3),
    before === undefined ? '-' : before.toFixed(3),
    qValue < 1e-4 ? '< 0.0001' : qValue.toFixed(4),
    String(Math.round(effective)),
  ]);
  const found =
    rows.length === 0
      ? 'No relation is more than chance.\n'
      : `${formatTable(['relation', 'correlation', 'shrunk', 'window before', 'q', 'returns that stand alone'], rows)}\n`;
  const tested =
    report === undefined
      ? ''
      : `${report.tested} pairs and lags tested; shrinking took ${(100 * report.shrinkage).toFixed(1)} %.\n`;
  process.stdout.write(
    `Relations of ${snapshot.timeframe} bars as of ${utc(snapshot.at)} UTC\n${found}${tested}`,
  );
}
