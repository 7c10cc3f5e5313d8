import { Option, type Command } from 'commander';
import type { Bar } from '../../actors/market/bar.js';
import { gridName, readGridName } from '../../actors/market/bar-grid.js';
import { PRICE_BASES, type PriceBasis } from '../../actors/market/quote.js';
import { TIMEFRAMES, type Timeframe } from '../../actors/market/timeframe.js';
import type { CalendarRule } from '../calendars.js';
import { SuhoError } from '../errors.js';
import { closedBars } from '../files/closed-bars.js';
import { timeframeOf } from '../files/grid.js';
import type { FileReport } from '../files/market-file.js';
import { FILE_HELP, addFileOptions, calendarOfSeries, openInput, type FileOptions } from './file-options.js';
import { dataOption, dateOption, identityOptions, readTimeframe, symbolSelectOption } from './options.js';
import { withFeatureStore } from './store-session.js';

/** Where a command has its bars from. */
export interface BarSourceOptions extends FileOptions {
  readonly symbol?: string;
  readonly timeframe?: Timeframe;
  readonly fromStore?: boolean;
  readonly tenant: string;
  readonly user?: string;
  readonly feed: string;
  readonly data: string;
  readonly from?: number;
  readonly to?: number;
  readonly basis: PriceBasis;
}

/** Lets a command take the bars of one market: of a file, which it is given as its argument, or of the store. */
export function addBarSource(command: Command): Command {
  addFileOptions(
    command
      .argument('[file]', FILE_HELP)
      .option('--from-store', 'the bars that are stored in the data folder instead of a file')
      .addOption(symbolSelectOption())
      .addOption(
        new Option(
          '--timeframe <timeframe>',
          `timeframe of the bars (${TIMEFRAMES.join(' ')}); without it, their spacing`,
        ).argParser(readTimeframe),
      ),
  );
  for (const option of [
    ...identityOptions(),
    dataOption(),
    dateOption('--from <date>', 'only bars that open at or after it'),
    dateOption('--to <date>', 'only bars that open before it'),
    new Option('--basis <price>', 'what the prices of the bars are').choices([...PRICE_BASES]).default('bid'),
  ])
    command.addOption(option);
  return command;
}

/** Bars of one market, oldest first. */
export interface MarketBars {
  readonly bars: readonly Bar[];
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly calendar: CalendarRule;
  /** What became of the rows of a file. */
  readonly report?: FileReport;
}

/** Bars taken from a store at most: some 80 years of hours. */
const STORED_MAX = 700_000;

/** All closed bars of a file, or of a series in the feature store. Throws `BAD_FILE`, `BAD_INPUT`, `NOT_FOUND`. */
export async function barsOf(file: string | undefined, options: BarSourceOptions): Promise<MarketBars> {
  if ((file === undefined) !== (options.fromStore === true))
    throw new SuhoError('BAD_INPUT', 'Give either a file of bars or quotes or --from-store.');
  const found = file === undefined ? await ofStore(options) : await ofFile(file, options);
  const { from = -Infinity, to = Infinity } = options;
  return { ...found, bars: found.bars.filter(({ openTime }) => openTime >= from && openTime < to) };
}

async function ofFile(file: string, options: BarSourceOptions): Promise<MarketBars> {
  const input = await openInput(file, options);
  const timeframe = options.timeframe ?? timeframeOf(input.grid.lengthMs) ?? '1m';
  const bars: Bar[] = [];
  for await (const chunk of closedBars(input, timeframe, options.basis)) bars.push(...chunk);
  return {
    bars,
    symbol: options.symbol ?? symbolOfName(file),
    timeframe,
    calendar: input.calendar,
    report: input.report(),
  };
}

/** What a file seems to be of: the letters its name begins with. */
function symbolOfName(file: string): string {
  return /^[A-Za-z]+/.exec(file.split('/').at(-1) ?? '')?.[0].toUpperCase() ?? 'MARKET';
}

async function ofStore(options: BarSourceOptions): Promise<MarketBars> {
  const { symbol, timeframe, tenant, user, feed } = options;
  if (symbol === undefined || timeframe === undefined)
    throw new SuhoError('BAD_INPUT', 'With --from-store, name the series: --symbol and --timeframe.');
  const calendar = calendarOfSeries(symbol, options);
  const bars = await withFeatureStore(options, true, async (store) =>
    store.bars(
      {
        tenantId: tenant,
        ...(user === undefined ? {} : { userId: user }),
        feed,
        symbol,
        ...readGridName(gridName({ timeframe, calendar: calendar.name })),
      },
      Number.MAX_SAFE_INTEGER,
      STORED_MAX,
    ),
  );
  if (bars.length === 0)
    throw new SuhoError(
      'NOT_FOUND',
      `There are no ${timeframe} bars of ${symbol} from feed ${feed} for ${tenant} in the store; suho backfill stores those of a file.`,
    );
  return { bars, symbol, timeframe, calendar };
}
