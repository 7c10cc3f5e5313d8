/**
 * Every feature that is not TA-Lib's, by its definition: whole arrays, windows taken anew at every bar, plain
 * loops; none of the engine's kernels.
 */
import type { Bar } from '../../../actors/market/bar.js';
import { bandDefinitions } from './bands.js';
import { candlestickDefinitions } from './candlesticks.js';
import { ichimokuDefinitions } from './ichimoku.js';
import { marketOf } from './market.js';
import { momentumDefinitions } from './momentum.js';
import { priceDefinitions } from './price.js';
import { qualityDefinitions } from './quality.js';
import { sessionDefinitions } from './sessions.js';
import { statisticsDefinitions } from './statistics.js';
import { levelDefinitions, structureDefinitions } from './structure.js';
import { tradingDayDefinitions } from './trading-days.js';
import { trendDefinitions } from './trend.js';
import { rangeVolatilityDefinitions, volatilityDefinitions } from './volatility.js';
import { volumeDefinitions } from './volume.js';
import type { Definitions } from './series.js';

const GROUPS = [
  priceDefinitions,
  trendDefinitions,
  ichimokuDefinitions,
  momentumDefinitions,
  bandDefinitions,
  volatilityDefinitions,
  rangeVolatilityDefinitions,
  volumeDefinitions,
  candlestickDefinitions,
  tradingDayDefinitions,
  levelDefinitions,
  structureDefinitions,
  sessionDefinitions,
  statisticsDefinitions,
  qualityDefinitions,
];

/**
 * The features by name, each over hourly `bars`, NaN where unknown. Three of them rest on TA-Lib's: `rows` gives
 * the side of the SAR, the Bollinger bands and the candlesticks.
 */
export function definitionsOf(bars: readonly Bar[], rows: readonly ArrayLike<number>[]): Definitions {
  const market = marketOf(bars, rows);
  return Object.assign({}, ...GROUPS.map((definitions) => definitions(market)));
}
