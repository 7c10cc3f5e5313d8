import { createHash } from 'node:crypto';
import * as library from 'technicalindicators';
import { CATALOGUE, FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import type { Bar } from '../../actors/market/bar.js';
import { SuhoError, messageOf } from '../errors.js';
import type { ExtraPrice } from './extra-prices.js';

/** One more indicator for a tenant, as the configuration names it. */
export interface ExtraDefinition {
  /** Class of technicalindicators, e.g. `ForceIndex`. */
  readonly indicator: string;
  /** What its constructor takes besides data, e.g. `{ "period": 13 }`. */
  readonly parameters: Readonly<Record<string, number | boolean | string>>;
  /** A price for an indicator of single numbers, `bar` for one of whole bars. */
  readonly input: ExtraPrice | 'bar';
  /** Name of its column, or the beginning of their names when it gives several values. */
  readonly prefix: string;
}

interface Streaming {
  nextValue(input: number | Readonly<Record<string, number>>): unknown;
}
type StreamingClass = new (input: Readonly<Record<string, unknown>>) => Streaming;

const STREAMING = new Map(
  Object.entries(library as Readonly<Record<string, unknown>>).filter(
    (entry): entry is [string, StreamingClass] =>
      typeof entry[1] === 'function' &&
      typeof (entry[1].prototype as { nextValue?: unknown } | undefined)?.nextValue === 'function',
  ),
);
/** Bars an indicator is tried on before it is taken. */
const TRIAL_BARS = 1_000;
const COLUMNS_MAX = 64;

function make({ indicator, parameters }: ExtraDefinition, onRead?: (name: string) => void): Streaming {
  const Class = STREAMING.get(indicator)!;
  const none = { values: [], open: [], high: [], low: [], close: [], volume: [], timestamp: [] };
  const given = { ...parameters, ...structuredClone(none) };
  if (onRead === undefined) return new Class(given);
  const watched = new Proxy<Readonly<Record<string, unknown>>>(given, {
    get: (target, name) => {
      onRead(String(name));
      return Reflect.get(target, name) as unknown;
    },
  });
  return new Class(watched);
}

/** A parameter that an indicator does not look at: a misspelt one, which the library would ignore. */
function unusedParameter(definition: ExtraDefinition): string | undefined {
  const read = new Set<string>();
  make(definition, (name) => read.add(name));
  return Object.keys(definition.parameters).find((name) => !read.has(name));
}

function price(bar: Bar, name: ExtraPrice): number {
  switch (name) {
    case 'hl2':
      return (bar.high + bar.low) / 2;
    case 'hlc3':
      return (bar.high + bar.low + bar.close) / 3;
    case 'ohlc4':
      return (bar.open + bar.high + bar.low + bar.close) / 4;
    default:
      return bar[name];
  }
}

function feed(indicator: Streaming, input: ExtraDefinition['input'], bar: Bar): unknown {
  if (input !== 'bar') return indicator.nextValue(price(bar, input));
  const { openTime: timestamp, open, high, low, close, volume } = bar;
  return indicator.nextValue({ timestamp, open, high, low, close, volume });
}

/** An output as named numbers: the empty name for a single one. */
function outputs(value: unknown): readonly (readonly [string, number])[] {
  if (typeof value === 'number') return [['', value]];
  if (typeof value === 'boolean') return [['', value ? 1 : 0]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, x]) =>
    typeof x === 'number' || typeof x === 'boolean' ? [[key.toLowerCase(), Number(x)] as const] : [],
  );
}

/** Columns an indicator gives, by trying it on an invented market. */
function columnsOf(definition: ExtraDefinition): readonly string[] {
  const names = new Set<string>();
  const indicator = make(definition);
  let known = false;
  for (let i = 0; i < TRIAL_BARS; i++) {
    const wave = 100 + 5 * Math.sin(i / 7) + 3 * Math.sin(i / 41) + i / 200;
    const close = wave + 0.5 * Math.sin(i * 1.7);
    const bar = {
      openTime: i * 60_000,
      open: wave,
      high: Math.max(wave, close) + 0.3 + 0.2 * Math.sin(i * 2.3),
      low: Math.min(wave, close) - 0.3 - 0.2 * Math.sin(i * 3.1),
      close,
      volume: 1000 + 100 * Math.sin(i / 5),
      tickCount: 10,
      bid: close,
      ask: close,
    };
    for (const [name, x] of outputs(feed(indicator, definition.input, bar))) {
      names.add(name);
      known ||= Number.isFinite(x);
    }
  }
  if (!known) throw new Error(`it gave no number in ${TRIAL_BARS} bars of input "${definition.input}"`);
  return [...names].map((name) => (name === '' ? definition.prefix : `${definition.prefix}_${name}`));
}

/** A tenant's further indicators, checked: their columns, their version, and new instances for a series. */
export class ExtraIndicators {
  /** Names of the columns, in the order of the values. */
  readonly columns: readonly string[];
  /** The feature-set version of a row with these columns. */
  readonly version: string;
  readonly #definitions: readonly ExtraDefinition[];

  /** Throws `BAD_CONFIG` with the tenant's name for one that is unknown, does not work, or clashes. */
  constructor(tenantId: string, definitions: readonly ExtraDefinition[]) {
    const wrong = (definition: ExtraDefinition, why: string): SuhoError =>
      new SuhoError(
        'BAD_CONFIG',
        `The extra indicator ${definition.indicator} (${definition.prefix}) of tenant ${tenantId} ${why}.`,
      );
    const taken = new Set(CATALOGUE.map(({ name }) => name));
    this.columns = definitions.flatMap((definition) => {
      if (!STREAMING.has(definition.indicator))
        throw wrong(definition, `is not one of ${[...STREAMING.keys()].join(', ')}`);
      let columns: readonly string[];
      let unused: string | undefined;
      try {
        unused = unusedParameter(definition);
        columns = columnsOf(definition);
      } catch (error) {
        throw wrong(definition, `does not work with these parameters: ${messageOf(error)}`);
      }
      if (unused !== undefined) throw wrong(definition, `has no parameter ${unused}`);
      for (const column of columns) {
        if (taken.has(column)) throw wrong(definition, `would make a second column ${column}`);
        taken.add(column);
      }
      return columns;
    });
    if (this.columns.length > COLUMNS_MAX)
      throw new SuhoError(
        'BAD_CONFIG',
        `Tenant ${tenantId} has ${this.columns.length} extra columns; ${COLUMNS_MAX} at most.`,
      );
    this.#definitions = definitions;
    const hash = createHash('sha256').update(JSON.stringify(definitions)).digest('hex').slice(0, 8);
    this.version = `${FEATURE_SET_VERSION}+${hash}`;
  }

  /** Starts the indicators for one series: the function takes its bars, oldest first, and answers the values. */
  start(): (bar: Bar) => Float32Array {
    const running = this.#definitions.map((definition) => ({ definition, indicator: make(definition) }));
    const columnOf = new Map(this.columns.map((name, column) => [name, column]));
    return (bar) => {
      const values = new Float32Array(this.columns.length).fill(NaN);
      for (const { definition, indicator } of running) {
        for (const [name, x] of outputs(feed(indicator, definition.input, bar))) {
          const column = columnOf.get(name === '' ? definition.prefix : `${definition.prefix}_${name}`);
          if (column !== undefined) values[column] = x;
        }
      }
      return values;
    };
  }
}
