import { DateTime } from 'luxon';
import { InvalidArgumentError, Option } from 'commander';
import { canonicalSymbol } from '../../actors/market/symbol.js';
import { NAME_RULE, PLATFORM, isName, tenantIdDefect } from '../credentials/tenant-id.js';
import { quoted } from '../errors.js';
import { TIMEFRAMES, parseTimeframe, type Timeframe } from '../../actors/market/timeframe.js';

export function readTimeframe(text: string): Timeframe {
  const timeframe = parseTimeframe(text);
  if (timeframe === undefined)
    throw new InvalidArgumentError(
      `There is no timeframe "${text}"; choose one of ${TIMEFRAMES.join(', ')}.`,
    );
  return timeframe;
}

export function readSymbol(text: string): string {
  const symbol = canonicalSymbol(text);
  if (symbol === undefined) throw new InvalidArgumentError(`${quoted(text)} is not a symbol.`);
  return symbol;
}

export function readCount(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1)
    throw new InvalidArgumentError(`"${text}" is not a whole number above 0.`);
  return n;
}

export function timeframeOption(description: string): Option {
  return new Option('--timeframe <timeframe>', `${description} (${TIMEFRAMES.join(' ')})`)
    .argParser(readTimeframe)
    .makeOptionMandatory();
}

export function symbolOption(): Option {
  return new Option('--symbol <symbol>', 'symbol, e.g. EURUSD or EUR/USD')
    .argParser(readSymbol)
    .makeOptionMandatory();
}

/** The symbol to take of a file that has several. */
export function symbolSelectOption(): Option {
  return new Option('--symbol <symbol>', 'symbol to take of a file with a column of tickers').argParser(
    readSymbol,
  );
}

export function dataOption(): Option {
  return new Option('--data <folder>', 'data folder').default('suho-data');
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON on standard output, everything else on standard error');
}

export function countOption(flags: string, description: string, fallback: number): Option {
  return new Option(flags, description).argParser(readCount).default(fallback);
}

export function addressOption(): Option {
  return new Option('--address <host:port>', 'address of the engine')
    .default('127.0.0.1:50051')
    .env('SUHO_ADDRESS');
}

export function readSymbols(text: string): string[] {
  return text.split(',').map(readSymbol);
}

/** One symbol or several, separated by commas. */
export function symbolsOption(): Option {
  return new Option('--symbol <symbols>', 'symbol, e.g. EURUSD or EUR/USD; several separated by commas')
    .argParser(readSymbols)
    .makeOptionMandatory();
}

export function readName(text: string): string {
  if (!isName(text)) throw new InvalidArgumentError(`"${text}" is not a name: ${NAME_RULE}.`);
  return text;
}

/** A tenant's id. */
export function readTenant(text: string): string {
  const defect = tenantIdDefect(text);
  if (defect !== undefined) throw new InvalidArgumentError(`${defect}.`);
  return text;
}

/** Whom rows belong to: a tenant, or the platform. */
export function readOwner(text: string): string {
  return text === PLATFORM ? text : readTenant(text);
}

/** Whose series: tenant, user and feed. */
export function identityOptions(): Option[] {
  return [
    new Option('--tenant <id>', 'tenant the series belongs to; platform for a shared one')
      .argParser(readOwner)
      .default(PLATFORM),
    new Option('--user <id>', 'user the series is private to').argParser(readName),
    new Option('--feed <name>', 'feed the series came from').argParser(readName).default('history'),
  ];
}

const MOMENT = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:[zZ]|[+-]\d\d:?\d\d)?)?$/;

/** A moment as people and programs write it: 2024-01-31, 2024-01-31T12:00:00Z, or epoch milliseconds; UTC. */
function readMoment(text: string): number {
  const moment = /^\d{11,}$/.test(text)
    ? DateTime.fromMillis(Number(text))
    : DateTime.fromISO(MOMENT.test(text) ? text.replace(' ', 'T') : '', { zone: 'utc' });
  if (!moment.isValid)
    throw new InvalidArgumentError(`"${text}" is not a moment; write 2024-01-31 or 2024-01-31T12:00:00Z.`);
  return moment.toMillis();
}

export function dateOption(flags: string, description: string): Option {
  return new Option(flags, `${description} (2024-01-31, 2024-01-31T12:00:00Z or epoch ms; UTC)`).argParser(
    readMoment,
  );
}

/** A span of time, FROM..TO: the first moment, and the one after the last. */
export function spanOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string) => {
    const [from, to, ...more] = text.split('..');
    if (from === undefined || to === undefined || more.length > 0)
      throw new InvalidArgumentError(`"${text}" is no span; write FROM..TO, e.g. 2024-01-31..2024-02-28.`);
    const span = { from: readMoment(from), to: readMoment(to) };
    if (span.from >= span.to) throw new InvalidArgumentError(`${from} is not before ${to}.`);
    return span;
  });
}
