import { Command, InvalidArgumentError, Option } from 'commander';
import { gridName, readGridName } from '../../actors/market/bar-grid.js';
import { timeframeMs, type Timeframe } from '../../actors/market/timeframe.js';
import { backfill, type BackfillReport } from '../backfill/backfill.js';
import type { Span } from '../backfill/protocol.js';
import { Calendars } from '../calendars.js';
import { loadConfig, type Config } from '../config.js';
import { SuhoError } from '../errors.js';
import type { FeatureStore } from '../feature-store/feature-store.js';
import { download } from '../feeds/polygon/download.js';
import { polygonKey } from '../feeds/polygon/key.js';
import { POLYGON_TIMEFRAMES, PolygonRest } from '../feeds/polygon/rest.js';
import { parseTicker, type PolygonTicker } from '../feeds/polygon/ticker.js';
import type { DataFolder } from '../journal/data-folder.js';
import { tellBackfill } from './backfill-report.js';
import { dataOption, dateOption, identityOptions, jsonOption, spanOption } from './options.js';
import { startCounter } from './progress.js';
import { withFeatureStore } from './store-session.js';

interface Options {
  readonly timeframe: Timeframe;
  readonly tenant: string;
  readonly user?: string;
  readonly feed: string;
  readonly from: number;
  readonly to?: number;
  readonly adjusted?: boolean;
  readonly replace?: Span;
  readonly config?: string;
  readonly data: string;
  readonly json?: boolean;
}

function readTickers(text: string, before: readonly PolygonTicker[] = []): PolygonTicker[] {
  const ticker = parseTicker(text);
  if (typeof ticker === 'string') throw new InvalidArgumentError(`${ticker}.`);
  return [...before, ticker];
}

export function polygonCommand(): Command {
  return new Command('polygon')
    .description('market history of Polygon (Massive); needs POLYGON_API_KEY in the environment')
    .addCommand(backfillCommand());
}

function backfillCommand(): Command {
  const command = new Command('backfill')
    .description('take bars of tickers by REST, and compute and store their features and labels')
    .argument('<ticker...>', 'C:EURUSD, X:BTCUSD, AAPL; symbols are EURUSD, BTCUSD, AAPL', readTickers)
    .addOption(
      new Option('--timeframe <timeframe>', 'timeframe of the bars')
        .choices(POLYGON_TIMEFRAMES)
        .default('1m'),
    )
    .addOption(dateOption('--from <date>', 'first moment of the history').makeOptionMandatory())
    .addOption(dateOption('--to <date>', 'end of the history; without it, now'))
    .addOption(
      spanOption(
        '--replace <from..to>',
        "replace stored bars that open in [FROM, TO) by Polygon's, and what follows",
      ),
    )
    .option('--adjusted', 'prices of stocks adjusted for later splits; without it, as they were traded');
  for (const option of identityOptions()) command.addOption(option);
  return command
    .option(
      '--config <file>',
      'configuration with polygon.restUrl, calendars and the extra indicators of the tenant',
    )
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  suho polygon backfill C:EURUSD --from 2024-01-01 --timeframe 1m
  suho polygon backfill X:BTCUSD AAPL --from 2023-01-01 --to 2024-01-01 --timeframe 1h --data crypto

The key is read from POLYGON_API_KEY (or MASSIVE_API_KEY). Run again after an interruption, it goes on where it was.
Bars that are stored already stand, as with suho backfill. Days and 4-hour bars are built from shorter ones.`,
    )
    .action(run);
}

async function run(tickers: readonly PolygonTicker[], options: Options): Promise<void> {
  const key = polygonKey(process.env);
  const { from, to = Date.now() } = options;
  if (from >= to) throw new SuhoError('BAD_INPUT', '--from is not before --to.');
  const config = loadConfig(options.config, process.env);
  const rest = new PolygonRest({
    url: config.polygon.restUrl,
    key,
    onWait: (reason, ms) => process.stderr.write(`${reason}: waiting ${Math.ceil(ms / 1_000)} s\n`),
  });
  const reports = await withFeatureStore(options, false, async (store, folder) => {
    const done: BackfillReport[] = [];
    for (const ticker of tickers) done.push(await one(ticker, options, rest, config, store, folder));
    return done;
  });
  tellBackfill(reports, new Calendars(config.calendars), options.json === true);
}

/** Takes the bars of one ticker into a file, then goes the way of every file. */
async function one(
  { ticker, symbol }: PolygonTicker,
  { timeframe, tenant, user, feed, from, to: until, adjusted = false, replace }: Options,
  rest: PolygonRest,
  config: Config,
  store: FeatureStore,
  folder: DataFolder,
): Promise<BackfillReport> {
  const calendars = new Calendars(config.calendars);
  const now = Date.now();
  // The bar of this moment is not over.
  const to = Math.min(until ?? Infinity, now - (now % timeframeMs(timeframe)));
  const isOpen = until === undefined;
  const taking = startCounter(ticker);
  const taken = await download(
    rest,
    { ticker, timeframe, from, to, adjusted },
    { folder: folder.at('polygon'), isOpen, onProgress: (bars) => taking.update(bars, '') },
  ).finally(() => taking.stop());
  if (!taken.hasBars) {
    await taken.remove();
    throw new SuhoError(
      'NOT_FOUND',
      `Polygon has no ${timeframe} bars of ${ticker} in that time; see whether the ticker is written as Polygon has it, and how far back the plan goes.`,
    );
  }
  process.stderr.write(
    `${ticker}: ${taken.taken} bars from Polygon${taken.resumed === 0 ? '' : `, ${taken.resumed} from the run before`}\n`,
  );
  const grid = readGridName(gridName({ timeframe, calendar: calendars.of(symbol).name }));
  const extras = config.tenants.find(({ id }) => id === tenant)?.extras ?? [];
  const counter = startCounter('backfill');
  const [report] = await backfill(
    store,
    [
      {
        series: { tenantId: tenant, ...(user === undefined ? {} : { userId: user }), feed, symbol, ...grid },
        file: taken.file,
        reading: { format: 'csv', timeZone: 'UTC' },
        extras,
        ...(replace === undefined ? {} : { replace }),
      },
    ],
    { checkpoints: folder.at('backfill'), calendars, onProgress: (inputs) => counter.update(inputs, '') },
  ).finally(() => counter.stop());
  await taken.remove();
  return report!;
}
