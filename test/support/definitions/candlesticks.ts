import { CATALOGUE } from '../../../actors/features/catalogue.js';
import type { Market } from './market.js';
import { combine, type Definitions, type Series } from './series.js';

/** How many candlestick patterns say which way. */
export function candlestickDefinitions({ rows, each }: Market): Definitions {
  const candlesticks = CATALOGUE.flatMap(({ name, talib }, column) =>
    name.startsWith('cdl_') && talib !== undefined ? [column] : [],
  );
  const count = (sign: 1 | -1): Series =>
    each((i) => candlesticks.filter((column) => sign * rows[i]![column]! > 0).length);

  return {
    cdl_bullish_count: count(1),
    cdl_bearish_count: count(-1),
    cdl_net: combine((a, b) => a - b, count(1), count(-1)),
  };
}
