import { Command, Option } from 'commander';
import { gridName, readGridName } from '../../actors/market/bar-grid.js';
import { PRICE_BASES, type PriceBasis } from '../../actors/market/quote.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import { Calendars, type CalendarRule } from '../calendars.js';
import { loadConfig } from '../config.js';
import { backfill, type BackfillRequest } from '../backfill/backfill.js';
import type { Span } from '../backfill/protocol.js';
import { tellBackfill } from './backfill-report.js';
import {
  dataOption,
  dateOption,
  identityOptions,
  jsonOption,
  spanOption,
  symbolsOption,
  timeframeOption,
} from './options.js';
import {
  FILE_HELP,
  addFileOptions,
  calendarOfSeries,
  readingOf,
  sayRecognised,
  type FileOptions,
} from './file-options.js';
import { MarketFile } from '../files/market-file.js';
import { startCounter } from './progress.js';
import { withFeatureStore } from './store-session.js';

interface Options extends FileOptions {
  readonly symbol: readonly string[];
  readonly timeframe: Timeframe;
  readonly tenant: string;
  readonly user?: string;
  readonly feed: string;
  readonly from?: number;
  readonly to?: number;
  readonly replace?: Span;
  readonly basis: PriceBasis;
  readonly config?: string;
  readonly data: string;
  readonly json?: boolean;
}

export function backfillCommand(): Command {
  const command = new Command('backfill')
    .description(
      'compute and store the features and labels of historical bars, from a file or from stored raw bars',
    )
    .argument('[file]', `${FILE_HELP}; without it, the bars in the table aggregates`)
    .addOption(symbolsOption())
    .addOption(timeframeOption('timeframe of the bars, or to build from quotes'));
  for (const option of identityOptions()) command.addOption(option);
  return addFileOptions(command)
    .addOption(dateOption('--from <date>', 'store only bars that open at or after it'))
    .addOption(dateOption('--to <date>', 'store only bars that open before it'))
    .addOption(
      spanOption(
        '--replace <from..to>',
        "replace stored bars that open in [FROM, TO) by the file's, and what follows from them",
      ).conflicts(['from', 'to']),
    )
    .addOption(new Option('--basis <price>', 'price of a quote').choices([...PRICE_BASES]).default('bid'))
    .option('--config <file>', 'configuration with the extra indicators of the tenant')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  suho backfill GBPUSD_h1.csv.gz --symbol GBPUSD --timeframe 1h --data gbp
  suho backfill --tenant platform --feed file --symbol EURUSD --timeframe 1h --from 2015-01-01 --to 2016-01-01 --data eurusd
  suho backfill corrected.csv --symbol GBPUSD --timeframe 1h --data gbp --replace 2024-03-01..2024-04-01
  suho sql features 'SELECT symbol, count() FROM ml_features GROUP BY symbol' --data gbp

Bars that are stored already stand: those that differ in the file are counted and named, and --replace takes the file's.
All bars before --from are used as warm-up, so rows are bit-identical to those of the live engine.
Re-running replaces the same rows; an interrupted run resumes at its last stored segment.`,
    )
    .action(async (file: string | undefined, options: Options) => {
      const config = loadConfig(options.config, process.env);
      const calendars = new Calendars(config.calendars);
      const counter = startCounter('backfill');
      const start = performance.now();
      const reports = await withFeatureStore(options, file === undefined, async (store, folder) => {
        const extras = config.tenants.find(({ id }) => id === options.tenant)?.extras ?? [];
        const requests: BackfillRequest[] = [];
        for (const symbol of options.symbol) {
          const { name } = await calendarOf(file, symbol, options);
          requests.push(requestOf(options, file, symbol, name, extras));
        }
        return await backfill(store, requests, {
          checkpoints: folder.at('backfill'),
          calendars,
          onRecognised: sayRecognised,
          onProgress: (inputs) =>
            counter.update(inputs, `${Math.round(inputs / ((performance.now() - start) / 1000))}/s`),
        });
      }).finally(() => counter.stop());
      tellBackfill(reports, calendars, options.json === true);
    });
}

/** The calendar of the bars: of a file the one they lie on, else the symbol's. */
async function calendarOf(file: string | undefined, symbol: string, options: Options): Promise<CalendarRule> {
  if (file === undefined) return calendarOfSeries(symbol, options);
  const { timeframe } = options;
  const input = await MarketFile.open(file, { ...readingOf(options, { symbol }), symbol, timeframe });
  await input.close();
  return input.calendar;
}

function requestOf(
  options: Options,
  file: string | undefined,
  symbol: string,
  calendar: string,
  extras: NonNullable<BackfillRequest['extras']>,
): BackfillRequest {
  const { tenant, user, feed, timeframe, basis, from, to, replace } = options;
  const grid = readGridName(gridName({ timeframe, calendar }));
  return {
    series: { tenantId: tenant, ...(user === undefined ? {} : { userId: user }), feed, symbol, ...grid },
    ...(file === undefined ? {} : { file, reading: readingOf(options, { symbol }) }),
    basis,
    extras,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(replace === undefined ? {} : { replace }),
  };
}
