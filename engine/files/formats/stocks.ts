import { kindOf } from '../columns.js';
import type { Format } from '../format.js';

/** Yahoo: `Date,Open,High,Low,Close,Adj Close,Volume`; the prices as traded, not the adjusted close. */
export const yahoo: Format = {
  name: 'yahoo',
  recognise({ header }, columns, named) {
    if (header === undefined || kindOf(columns) !== 'bars') return undefined;
    if (!header.includes('adjclose') && !named) return undefined;
    return { title: 'Yahoo prices', columns, clock: 'utc' };
  },
};

/** Polygon (Massive) flat files: `ticker,volume,open,close,high,low,window_start,transactions` in ns; quotes in `sip_timestamp`. */
export const polygon: Format = {
  name: 'polygon',
  recognise({ header }, columns, named) {
    if (header === undefined || kindOf(columns) === undefined) return undefined;
    if (!header.includes('windowstart') && !header.includes('siptimestamp') && !named) return undefined;
    return { title: 'Polygon flat file', columns, clock: 'utc' };
  },
};
