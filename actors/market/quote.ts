import { isImplausiblePrice, isImplausibleSize, isInfinite, type RejectReason } from './bar.js';

/** A top-of-book quote. `ts` in epoch milliseconds UTC; sizes are NaN when unknown. */
export interface Quote {
  readonly ts: number;
  readonly bid: number;
  readonly ask: number;
  readonly bidSize: number;
  readonly askSize: number;
}

/** The price a bar is built from. `last` is not in a quote stream, so it is taken as the mid. */
export const PRICE_BASES = ['bid', 'mid', 'ask'] as const;
export type PriceBasis = (typeof PRICE_BASES)[number];

/** The price of a quote on a basis. */
export function quotePrice(quote: Quote, basis: PriceBasis): number {
  switch (basis) {
    case 'bid':
      return quote.bid;
    case 'ask':
      return quote.ask;
    case 'mid':
      return (quote.bid + quote.ask) / 2;
  }
}

/** The first reason a quote may not enter the state, else undefined. */
export function quoteDefect(quote: Quote): RejectReason | undefined {
  if (!Number.isSafeInteger(quote.ts) || quote.ts < 0) return 'bad_time';
  if (!Number.isFinite(quote.bid) || !Number.isFinite(quote.ask)) return 'not_finite';
  if (quote.bid <= 0 || quote.ask <= 0) return 'not_positive';
  if (quote.ask < quote.bid) return 'crossed_quote';
  if (isInfinite(quote.bidSize) || isInfinite(quote.askSize)) return 'not_finite';
  if (quote.bidSize < 0 || quote.askSize < 0) return 'negative_size';
  if (isImplausiblePrice(quote.bid) || isImplausiblePrice(quote.ask)) return 'implausible_price';
  if (isImplausibleSize(quote.bidSize) || isImplausibleSize(quote.askSize)) return 'implausible_size';
  return undefined;
}
