import type { Bar } from '../../../actors/market/bar.js';
import type { Quote } from '../../../actors/market/quote.js';
import { symbolOfPair, type PolygonMarket } from './ticker.js';

const MINUTE_MS = 60_000;

/** What Polygon says about a connection or a subscription. */
export interface PolygonStatus {
  readonly kind: 'status';
  /** connected, auth_success, auth_failed, auth_timeout, success, error, max_connections … */
  readonly status: string;
  readonly message: string;
}

export type PolygonRow =
  | { readonly kind: 'bar'; readonly symbol: string; readonly bar: Bar }
  | { readonly kind: 'quote'; readonly symbol: string; readonly quote: Quote };

type Fields = Readonly<Record<string, unknown>>;

/** A number as it is given, NaN for anything else: what must be known, intake asks. */
function number(value: unknown): number {
  return typeof value === 'number' ? value : NaN;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A bar of REST's aggregates. `v` is a volume, of currencies a number of quotes; `n` is not in the live stream and is left out in both. */
export function barOfResult(result: unknown): Bar {
  const fields = (typeof result === 'object' && result !== null ? result : {}) as Fields;
  return bar(fields, number(fields['t']));
}

function bar(fields: Fields, openTime: number): Bar {
  return {
    openTime,
    open: number(fields['o']),
    high: number(fields['h']),
    low: number(fields['l']),
    close: number(fields['c']),
    volume: number(fields['v']),
    tickCount: NaN,
    bid: NaN,
    ask: NaN,
  };
}

/** A minute's bar; one of another length has no time that could be taken. */
function minuteBar(fields: Fields): Bar {
  const start = number(fields['s']);
  return bar(fields, number(fields['e']) - start === MINUTE_MS ? start : NaN);
}

function quote(ts: unknown, bid: unknown, ask: unknown, bidSize: unknown, askSize: unknown): Quote {
  return {
    ts: number(ts),
    bid: number(bid),
    ask: number(ask),
    bidSize: number(bidSize),
    askSize: number(askSize),
  };
}

function readOne(market: PolygonMarket, f: Fields): PolygonRow | PolygonStatus | undefined {
  const ofPair = (pair: unknown): string => symbolOfPair(market, text(pair));
  switch (f['ev']) {
    case 'status':
      return { kind: 'status', status: text(f['status']), message: text(f['message']) };
    case 'CA':
    case 'XA':
      return { kind: 'bar', symbol: ofPair(f['pair']), bar: minuteBar(f) };
    case 'AM':
      return { kind: 'bar', symbol: text(f['sym']), bar: minuteBar(f) };
    case 'C':
      return { kind: 'quote', symbol: ofPair(f['p']), quote: quote(f['t'], f['b'], f['a'], NaN, NaN) };
    case 'XQ':
      return {
        kind: 'quote',
        symbol: ofPair(f['pair']),
        quote: quote(f['t'], f['bp'], f['ap'], f['bs'], f['as']),
      };
    case 'Q':
      return {
        kind: 'quote',
        symbol: text(f['sym']),
        quote: quote(f['t'], f['bp'], f['ap'], f['bs'], f['as']),
      };
    default:
      return undefined;
  }
}

/**
 * The messages of one WebSocket frame, which is a JSON array; events of other channels are left out. A field that is missing
 * or no number is NaN, so that intake refuses the row by name. Undefined for a frame that is no such array.
 */
export function readFrame(market: PolygonMarket, frame: string): (PolygonRow | PolygonStatus)[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(frame);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed)) return undefined;
  return parsed.flatMap((message: unknown) => {
    if (typeof message !== 'object' || message === null) return [];
    return readOne(market, message as Fields) ?? [];
  });
}
