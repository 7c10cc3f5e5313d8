import { InvalidArgumentError, Option } from 'commander';
import { canonicalSymbol } from '../../actors/market/symbol.js';
import { TIMEFRAMES, parseTimeframe, type Timeframe } from '../../actors/market/timeframe.js';

function readTimeframe(text: string): Timeframe {
  const timeframe = parseTimeframe(text);
  if (timeframe === undefined)
    throw new InvalidArgumentError(
      `There is no timeframe "${text}"; choose one of ${TIMEFRAMES.join(', ')}.`,
    );
  return timeframe;
}

function readSymbol(text: string): string {
  const symbol = canonicalSymbol(text);
  if (symbol === undefined) throw new InvalidArgumentError(`"${text}" is not a symbol.`);
  return symbol;
}

function readCount(text: string): number {
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
