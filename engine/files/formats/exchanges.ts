import { kindOf } from '../columns.js';
import { arePrices, mostAre, pricesAt, type Format } from '../format.js';

const WHOLE = /^\d{9,19}$/;

/** Binance: 12 columns without a header, in ms or, from 2025 on, in µs; futures with a header. */
export const binance: Format = {
  name: 'binance',
  recognise({ header, rows }, columns, named) {
    if (header !== undefined) {
      const isKlines = header[0] === 'opentime' && header.includes('closetime');
      return kindOf(columns) === 'bars' && (isKlines || named)
        ? { title: 'Binance klines', columns, clock: 'utc' }
        : undefined;
    }
    const isKline = (fields: readonly string[]): boolean =>
      fields.length === 12 &&
      WHOLE.test(fields[0]!) &&
      WHOLE.test(fields[6]!) &&
      fields[0]!.length === fields[6]!.length &&
      arePrices(fields, 1);
    if (!mostAre(rows, isKline)) return undefined;
    return {
      title: 'Binance klines',
      columns: pricesAt(1, { time: 0, volume: 5 }),
      clock: 'utc',
    };
  },
};

/** Kraken: seconds, open, high, low, close, perhaps the average price, volume, trades; without a header. */
export const kraken: Format = {
  name: 'kraken',
  recognise({ header, rows }) {
    if (header !== undefined) return undefined;
    const width = mostAre(rows, ({ length }) => length === 8) ? 8 : 7;
    const isCandle = (fields: readonly string[]): boolean =>
      fields.length === width &&
      /^\d{9,10}$/.test(fields[0]!) &&
      /^\d+$/.test(fields.at(-1)!) &&
      arePrices(fields, 1);
    if (!mostAre(rows, isCandle)) return undefined;
    return {
      title: 'Kraken candles',
      columns: pricesAt(1, { time: 0, volume: width - 2 }),
      clock: 'utc',
    };
  },
};
