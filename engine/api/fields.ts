import { TIMEFRAMES, type Timeframe } from '../../actors/market/timeframe.js';
import { canonicalSymbol } from '../../actors/market/symbol.js';
import { quoted } from '../errors.js';
import { invalid } from './failure.js';
import type { Timeframe__Output as ProtoTimeframe } from './generated/suho/v1/Timeframe.js';

/** Rows of one request, and entries of a filter, at most. */
const LIST_MAX = 1_000;

const FROM_PROTO = new Map<unknown, Timeframe>(
  TIMEFRAMES.map((timeframe) => [toProtoTimeframe(timeframe), timeframe]),
);

/** A timeframe in the words of the API. */
export function toProtoTimeframe(timeframe: Timeframe): ProtoTimeframe {
  return `TIMEFRAME_${timeframe.toUpperCase()}` as ProtoTimeframe;
}

/** The timeframe of an answer of the API; undefined for one this version does not know. */
export function fromProtoTimeframe(timeframe: ProtoTimeframe): Timeframe | undefined {
  return FROM_PROTO.get(timeframe);
}

/** Reads a symbol. Throws INVALID_ARGUMENT naming the field. */
export function readSymbol(field: string, text: string): string {
  const symbol = canonicalSymbol(text);
  if (symbol === undefined)
    throw invalid(
      field,
      `${quoted(text)} is not a symbol: 2 to 24 letters, digits, dots, dashes or underscores.`,
    );
  return symbol;
}

/** Reads a timeframe. Throws INVALID_ARGUMENT naming the field, also for a number the enum does not have. */
export function readTimeframe(field: string, timeframe: ProtoTimeframe): Timeframe {
  const read = FROM_PROTO.get(timeframe);
  if (read === undefined) throw invalid(field, 'it must be one of TIMEFRAME_1M to TIMEFRAME_1D.');
  return read;
}

/** Reads each of a list of at most {@link LIST_MAX}. */
export function readEach<From, To>(
  field: string,
  list: readonly From[],
  read: (field: string, given: From) => To,
): To[] {
  if (list.length > LIST_MAX) throw invalid(field, `at most ${LIST_MAX}; there are ${list.length}.`);
  return list.map((given, i) => read(`${field}[${i}]`, given));
}

/** Checks the number of rows in a request: 1 to {@link LIST_MAX}. */
export function checkRows(field: string, rows: readonly unknown[]): void {
  if (rows.length === 0) throw invalid(field, 'the request has none; send at least one.');
  if (rows.length > LIST_MAX)
    throw invalid(field, `at most ${LIST_MAX} in a request; there are ${rows.length}.`);
}

/** A moment that may be absent, epoch milliseconds UTC. */
export function readMoment(field: string, digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : readInteger(field, digits);
}

/** A 64-bit integer that must be exact as a number: a time or a sequence number. */
export function readInteger(field: string, digits: string): number {
  const n = Number(digits);
  if (!Number.isSafeInteger(n)) throw invalid(field, `${digits} is beyond 2^53 - 1.`);
  return n;
}
