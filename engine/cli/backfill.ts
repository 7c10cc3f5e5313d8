import { Command, Option } from 'commander';
import type { Bar } from '../../actors/market/bar.js';
import { BarGrid, gridName, readGridName } from '../../actors/market/bar-grid.js';
import { PRICE_BASES, type PriceBasis } from '../../actors/market/quote.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import { Calendars, type CalendarRule } from '../calendars.js';
import { loadConfig } from '../config.js';
import { backfill, type BackfillReport, type BackfillRequest } from '../backfill/backfill.js';
import type { Difference, Span } from '../backfill/protocol.js';
import { SuhoError } from '../errors.js';
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
  sayRefusals,
  type FileOptions,
} from './file-options.js';
import { MarketFile } from '../files/market-file.js';
import { startCounter } from './progress.js';
import { withFeatureStore } from './store-session.js';
import { formatTable, utc } from './table.js';

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
  suho backfill --tenant platform --feed replay --symbol 'EUR/USD' --timeframe 1h --from 2015-01-01 --to 2016-01-01
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
      for (const report of reports) {
        sayRefusals(report.reading);
        sayDifferences(report);
      }
      process.stdout.write(
        options.json === true ? `${JSON.stringify(summary(reports))}\n` : describe(reports),
      );
      assertUsable(reports, calendars);
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

/** Says on standard error where the file and what was stored differ, and which of them stands. */
function sayDifferences({ series, conflicts, missing, replaced }: BackfillReport): void {
  const say = (difference: Difference | undefined, one: string, many: string): void => {
    if (difference === undefined) return;
    const { count, openTime, stored, given } = difference;
    const values =
      stored !== undefined && given !== undefined ? ` (stored ${ohlc(stored)}, file ${ohlc(given)})` : '';
    process.stderr.write(
      `${series.symbol} ${gridName(series)}: ${count === 1 ? one : `${count} ${many}`}, first ${utc(openTime)}${values}\n`,
    );
  };
  say(replaced?.changed, 'a stored bar was replaced', 'stored bars were replaced');
  say(replaced?.removed, 'a stored bar was removed', 'stored bars were removed');
  say(conflicts, 'a bar is stored with other values', 'bars are stored with other values');
  say(missing, 'a stored bar is not in the file', 'stored bars are not in the file');
  const [first] = [conflicts, missing].flatMap((found) => found?.openTime ?? []).sort((a, b) => a - b);
  if (first !== undefined)
    process.stderr.write(`They stand. --replace FROM..TO takes the file's bars of a span instead.\n`);
}

function ohlc({ open, high, low, close }: Bar): string {
  return `open ${open}, high ${high}, low ${low}, close ${close}`;
}

/** Throws when a file had bars and none of them was new or stored as it is. */
function assertUsable(reports: readonly BackfillReport[], calendars: Calendars): void {
  for (const { series, added, known, conflicts } of reports) {
    if (conflicts === undefined || added + known > 0) continue;
    const grid = BarGrid.of(series.timeframe, calendars.get(series.calendar));
    const span = [conflicts.openTime, grid.closeOf(conflicts.lastTime)].map(isoSecond).join('..');
    throw new SuhoError(
      'BAD_FILE',
      `No bar of the file was stored: ${series.symbol} ${gridName(series)} is stored with other values; use --replace ${span} to take those of the file.`,
    );
  }
}

function isoSecond(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}

function summary(reports: readonly BackfillReport[]): object {
  const rows = reports.reduce((sum, report) => sum + report.rows, 0);
  const seconds = Math.max(...reports.map((report) => report.seconds));
  return { series: reports, rows, seconds, rowsPerSecond: rows / seconds };
}

function describe(reports: readonly BackfillReport[]): string {
  const table = formatTable(
    ['symbol', 'tf', 'bars', 'rejected', 'late', 'rows stored', 'taken up', 'rows/s'],
    reports.map(({ series, bars, rejected, late, rows, resumed, rowsPerSecond }) => [
      series.symbol,
      gridName(series),
      ...[bars, rejected, late, rows, resumed, Math.round(rowsPerSecond)].map(String),
    ]),
  );
  return `${table}\n`;
}
