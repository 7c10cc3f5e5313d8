import type { PredictionHistory } from '../prediction-store/prediction-store.js';

/** Outcomes read at a time, and in all. */
const PAGE = 2_000;
const READ_MAX = 40_000;

/** One position of a model: opened at the close of its bar, closed when the horizon was over. */
export interface Trade {
  readonly closedAt: number;
  /** Return after the spread. */
  readonly gain: number;
  /** What the spread took; NaN where it is not known, which costs nothing. */
  readonly cost: number;
}

/** What a model's signals came to, one position at a time, after spreads. */
export interface Equity {
  /** Bars with known outcomes that were looked at. */
  readonly bars: number;
  readonly trades: number;
  /** Those of them whose spread is known. */
  readonly costed: number;
  /** Share of the trades that gained. */
  readonly won: number;
  /** Sum of the returns after spreads, and what spreads took of it. */
  readonly total: number;
  readonly cost: number;
  /** Deepest fall of the sum below its highest point so far. */
  readonly drawdown: number;
  /** After each trade: when it closed, the sum, and how far that is below its highest point. */
  readonly points: readonly (readonly [number, number, number])[];
}

/** Sums up trades, oldest first. */
export function equityOf(bars: number, trades: readonly Trade[]): Equity {
  let [sum, highest, deepest, cost, costed, won] = [0, 0, 0, 0, 0, 0];
  const points = trades.map((trade): readonly [number, number, number] => {
    sum += trade.gain;
    if (!Number.isNaN(trade.cost)) {
      cost += trade.cost;
      costed++;
    }
    if (trade.gain > 0) won++;
    highest = Math.max(highest, sum);
    deepest = Math.max(deepest, highest - sum);
    return [trade.closedAt, sum, sum - highest];
  });
  return {
    bars,
    trades: trades.length,
    costed,
    won: trades.length === 0 ? 0 : won / trades.length,
    total: sum,
    cost,
    drawdown: deepest,
    points,
  };
}

/**
 * What the signals of one model came to over a horizon, as they are stored: a position is taken at the close of a bar it acted on,
 * held until the outcome was known, and no other meanwhile. `spreadOf`: of the bar that closed then, over its close, NaN where
 * it is not known. Throws `STORE_UNAVAILABLE`.
 */
export async function equityOfModel(
  outcomes: Pick<PredictionHistory, 'pairs'>,
  tenantId: string,
  of: {
    readonly symbol: string;
    readonly timeframe: string;
    readonly horizon: number;
    readonly modelId: string;
    /** User whose own model it is. */
    readonly userId?: string | undefined;
    /** Bars that closed after this. */
    readonly after: number;
  },
  spreadOf: (closeTime: number) => number,
): Promise<Equity> {
  const { modelId, after: from, ...series } = of;
  const query = { ...series, productionId: modelId, challengerId: modelId, limit: PAGE };
  const trades: Trade[] = [];
  let freeFrom = -Infinity;
  let bars = 0;
  for (let after = from; bars < READ_MAX;) {
    const page = await outcomes.pairs(tenantId, { ...query, after });
    for (const { closeTime, resolvedAt, production, return: gain, spread } of page) {
      bars++;
      if (production.direction === 'FLAT' || closeTime < freeFrom) continue;
      freeFrom = resolvedAt;
      const cost = Number.isNaN(spread) ? spreadOf(closeTime) : spread;
      const side = production.direction === 'LONG' ? 1 : -1;
      trades.push({ closedAt: resolvedAt, gain: side * gain - (Number.isNaN(cost) ? 0 : cost), cost });
    }
    after = page.at(-1)?.closeTime ?? after;
    if (page.length < PAGE) break;
  }
  return equityOf(bars, trades);
}
