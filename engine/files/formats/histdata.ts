import { arePrices, isNumber, mostAre, pricesAt, type Format } from '../format.js';
import { metatrader4 } from './metatrader.js';

const MINUTE = /^\d{8} \d{6}$/;
const TICK = /^\d{8} \d{9}$/;

/**
 * HistData: minutes `20240108 000000;open;high;low;close;volume` and ticks `20240108 000000123,bid,ask,volume`, in EST all year. Its
 * MetaTrader files look like a broker's and are taken as such unless the format is named.
 */
export const histdata: Format = {
  name: 'histdata',
  recognise(head, columns, named) {
    const { header, rows } = head;
    if (header !== undefined) return undefined;
    if (mostAre(rows, (fields) => MINUTE.test(fields[0] ?? '') && arePrices(fields, 1)))
      return {
        title: 'HistData bars',
        columns: pricesAt(1, {
          time: 0,
          ...(mostAre(rows, ({ length }) => length > 5) ? { volume: 5 } : {}),
        }),
        clock: 'est',
      };
    const isTick = (fields: readonly string[]): boolean =>
      TICK.test(fields[0] ?? '') && isNumber(fields[1]) && isNumber(fields[2]) && Number(fields[2]) > 0;
    if (mostAre(rows, isTick))
      return { title: 'HistData ticks', columns: { time: 0, bid: 1, ask: 2 }, clock: 'est' };
    const other = named ? metatrader4.recognise(head, columns, named) : undefined;
    return other === undefined
      ? undefined
      : { ...other, title: 'HistData bars for MetaTrader', clock: 'est' };
  },
};
