import { kindOf } from '../columns.js';
import type { Format } from '../format.js';

/** Dukascopy: `timestamp,askPrice,bidPrice,…` and bars of dukascopy-node, `Gmt time,Open,…` of the web page. */
export const dukascopy: Format = {
  name: 'dukascopy',
  recognise({ header, rows }, columns, named) {
    if (header === undefined || kindOf(columns) === undefined) return undefined;
    const isWeb = header[0] === 'gmttime' || header[0] === 'localtime';
    const isTicks = header.includes('askprice') && header.includes('bidprice') && header[0] === 'timestamp';
    const isNode =
      header[0] === 'timestamp' &&
      ['timestamp,open,high,low,close', 'timestamp,open,high,low,close,volume'].includes(header.join(',')) &&
      /^\d{12,13}$/.test(rows[0]?.[0] ?? '');
    if (!isWeb && !isTicks && !isNode && !named) return undefined;
    return { title: `Dukascopy ${isTicks ? 'ticks' : 'bars'}`, columns, clock: 'utc' };
  },
};
