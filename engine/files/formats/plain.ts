import { kindOf } from '../columns.js';
import { arePrices, isNumber, mostAre, pricesAt, type Format } from '../format.js';

/** Any file whose header names the columns, and ours; without a header: time, open, high, low, close and perhaps volume. */
export const plain: Format = {
  name: 'csv',
  recognise({ header, rows }, columns) {
    if (header !== undefined) {
      const kind = kindOf(columns);
      return kind === undefined ? undefined : { title: `${kind} by column name`, columns, clock: 'utc' };
    }
    const isBar = (fields: readonly string[]): boolean =>
      (fields.length === 5 || fields.length === 6) &&
      /^\d/.test(fields[0]!) &&
      (fields[0]!.length >= 8 || fields[0]!.includes('/')) &&
      arePrices(fields, 1) &&
      (fields[5] === undefined || isNumber(fields[5]));
    if (!mostAre(rows, isBar)) return undefined;
    const hasVolume = mostAre(rows, ({ length }) => length === 6);
    return {
      title: 'bars without a header (time, open, high, low, close, volume)',
      columns: pricesAt(1, { time: 0, ...(hasVolume ? { volume: 5 } : {}) }),
      clock: 'utc',
    };
  },
};
