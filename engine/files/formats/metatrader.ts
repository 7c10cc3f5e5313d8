import { arePrices, mostAre, pricesAt, type Format, type HeadRows } from '../format.js';

const DATE = /^\d{4}\.\d{2}\.\d{2}$/;
const CLOCK = /^\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?$/;

/**
 * MetaTrader 5: `<DATE> <TIME> <OPEN> … <TICKVOL> <VOL> <SPREAD>`, days without a time; ticks `<BID> <ASK> <LAST>`, of which only
 * what changed is written.
 */
export const metatrader5: Format = {
  name: 'metatrader5',
  recognise(head, columns) {
    const { header, written } = head;
    if (header === undefined || !written[0]?.trim().startsWith('<') || header[0] !== 'date') return undefined;
    const isTicks = columns.open === undefined;
    const volume = isTicks ? undefined : volumeOf(head);
    const { volume: _, ...others } = columns;
    return {
      title: `MetaTrader 5 ${isTicks ? 'tick ' : ''}export`,
      columns: { ...others, ...(volume === undefined ? {} : { volume }) },
      clock: 'server',
      carriesQuotes: isTicks,
    };
  },
};

/** The traded volume where the broker gives one, else the number of ticks. */
function volumeOf({ header, rows }: HeadRows): number | undefined {
  const [traded, ticks] = [header!.indexOf('vol'), header!.indexOf('tickvol')];
  const isTraded = traded >= 0 && rows.some((fields) => Number(fields[traded]) > 0);
  const column = isTraded || ticks < 0 ? traded : ticks;
  return column < 0 ? undefined : column;
}

/** MetaTrader 4: `2024.01.08,00:00,open,high,low,close,volume` without a header; days without a time. */
export const metatrader4: Format = {
  name: 'metatrader4',
  recognise({ header, rows }) {
    if (header !== undefined) return undefined;
    const hasClock = mostAre(rows, ([date = '', clock = '']) => DATE.test(date) && CLOCK.test(clock));
    const at = hasClock ? 2 : 1;
    if (!mostAre(rows, (fields) => DATE.test(fields[0] ?? '') && arePrices(fields, at))) return undefined;
    const hasVolume = mostAre(rows, (fields) => fields.length > at + 4);
    return {
      title: 'MetaTrader 4 export',
      columns: pricesAt(at, {
        ...(hasClock ? { date: 0, clock: 1 } : { time: 0 }),
        ...(hasVolume ? { volume: at + 4 } : {}),
      }),
      clock: 'server',
    };
  },
};
