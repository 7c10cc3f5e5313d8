import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Timeframe } from '../../actors/market/timeframe.js';
import { Calendars, type CalendarRule } from '../calendars.js';
import { loadConfig } from '../config.js';
import { MarketFile, type FileReport } from '../files/market-file.js';
import type { Reading } from '../files/reading.js';
import { FORMAT_NAMES } from '../files/recognise.js';
import { describeRefusal } from '../files/refusals.js';
import { parseZone } from '../files/zones.js';

/** What a file argument can be, for `--help`. */
export const FILE_HELP =
  'bars or quotes: an export of MetaTrader, HistData, Dukascopy, Binance, Kraken, Yahoo or Polygon, or columns by name; CSV, .gz, .zip or Parquet';

/** How a command was told to read a file. */
export interface FileOptions {
  /** Format of the file; the content says it when undefined. */
  readonly format?: string | undefined;
  readonly timeZone?: string;
  readonly calendar?: string;
  /** Configuration that may describe further calendars. */
  readonly config?: string;
}

function readZone(text: string): string {
  if (parseZone(text) === undefined)
    throw new InvalidArgumentError(
      `There is no time zone "${text}"; write Europe/Helsinki, EET-US (New York + 7 h), UTC+2 or the like.`,
    );
  return text;
}

/** Adds what says how to read a file; `flag` where `--format` has another meaning. */
export function addFileOptions(command: Command, flag: 'format' | 'input-format' = 'format'): Command {
  return command
    .addOption(
      new Option(`--${flag} <name>`, 'format of the file; without it, what its content says').choices(
        FORMAT_NAMES,
      ),
    )
    .addOption(
      new Option(
        '--time-zone <zone>',
        "clock of times without an offset: Europe/Helsinki, EET-US (New York + 7 h), UTC+2; without it the format's, UTC mostly",
      ).argParser(readZone),
    )
    .addOption(calendarOption());
}

/** Names a calendar. */
export function calendarOption(): Option {
  return new Option(
    '--calendar <name>',
    'when days and 4-hour bars begin: utc (0:00 UTC), fx (17:00 New York) or one of the configuration; without it, as the bars lie or the symbol has it',
  );
}

/** The calendars that a command knows. */
function calendarsOf(config: string | undefined): Calendars {
  return new Calendars(loadConfig(config, process.env).calendars);
}

/** The calendar that is named, or that the configuration gives a symbol. */
function calendarRule(
  name: string | undefined,
  symbol: string | undefined,
  config: string | undefined,
): Pick<Reading, 'calendar' | 'calendars'> {
  const calendars = calendarsOf(config);
  const found = name ?? (symbol === undefined ? undefined : calendars.configured(symbol)?.name);
  return found === undefined ? { calendars: calendars.described } : { calendar: calendars.rule(found) };
}

/** The calendar of a stored series: the one that is named, else the symbol's. */
export function calendarOfSeries(symbol: string, { calendar, config }: FileOptions): CalendarRule {
  const calendars = calendarsOf(config);
  return calendars.rule(calendar ?? calendars.of(symbol).name);
}

/** How the options say that a file is to be read. */
export function readingOf(
  { format, timeZone, calendar, config }: FileOptions,
  { symbol }: { readonly symbol?: string },
): Pick<Reading, 'format' | 'timeZone' | 'calendar' | 'calendars'> {
  return {
    ...(format === undefined ? {} : { format }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...calendarRule(calendar, symbol, config),
  };
}

/** Opens the file of a command and says what it was recognised as. Throws `BAD_FILE`. */
export async function openInput(
  file: string,
  options: FileOptions & {
    readonly timeframe?: Timeframe;
    readonly symbol?: string;
    readonly takesShorter?: boolean;
  },
): Promise<MarketFile> {
  const { timeframe, symbol, takesShorter = false } = options;
  const input = await MarketFile.open(file, {
    ...readingOf(options, options),
    ...(timeframe === undefined ? {} : { timeframe }),
    ...(symbol === undefined ? {} : { symbol }),
    takesShorter,
  });
  sayRecognised(input.description);
  return input;
}

/** Says on standard error what a file was recognised as. */
export function sayRecognised(description: string): void {
  process.stderr.write(`${description}\n`);
}

/** Says on standard error which rows were refused, each reason once. */
export function sayRefusals(report: Pick<FileReport, 'refusals'> | undefined): void {
  for (const refusal of report?.refusals ?? []) process.stderr.write(`refused ${describeRefusal(refusal)}\n`);
}
