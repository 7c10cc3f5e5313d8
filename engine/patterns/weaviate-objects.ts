import { v5 as nameUuid } from 'uuid';
import type { WeaviateObject } from 'weaviate-ts-client';
import { HORIZONS } from '../../actors/features/labels.js';
import { pipOf } from '../feedback/trade-report.js';
import type { LoggedPattern } from '../journal/moments.js';
import type { PatternRecord } from '../journal/records.js';
import { readPartitionName } from './pattern-index.js';

/** Classes of schemas/04. */
export const PATTERN = 'TradingPattern';
export const LIVE = 'LiveMarketState';
export const ANOMALY = 'AnomalyPattern';

/** Namespace of the ids, which are names: writing a moment again replaces it. */
const NAMESPACE = '0f5d2a52-7a3b-4c59-9a4e-6d1f6f1f0c54';

/** What any moment has: whose it is, when, and how the market was. */
function momentObject(
  className: string,
  name: string,
  { partition, closeTime, pattern }: LoggedPattern,
): WeaviateObject {
  const key = readPartitionName(partition);
  const { close, ...conditions } = pattern.conditions;
  return {
    class: className,
    tenant: key.tenantId,
    id: nameUuid(`${className}|${name}`, NAMESPACE),
    vector: Array.from(pattern.vector),
    properties: {
      ...key,
      closeTime: new Date(closeTime).toISOString(),
      ...(close === undefined ? {} : { price: close }),
      ...conditions,
      ...(pattern.anomaly === undefined ? {} : { anomaly: pattern.anomaly }),
    },
  };
}

/** A moment unlike the usual, with what the market did after it once that is known. */
export function anomalyObject(moment: LoggedPattern): WeaviateObject {
  return withOutcome(momentObject(ANOMALY, `${moment.partition}|${moment.closeTime}`, moment), moment);
}

/** The newest moment of a series, which takes the place of the one before. */
export function liveObject(series: string, moment: LoggedPattern): WeaviateObject {
  return momentObject(LIVE, series, moment);
}

/** A moment whose outcome is known, as it is searched. */
export function patternObject(moment: LoggedPattern): WeaviateObject {
  const { partition, closeTime, pattern } = moment;
  const object = withOutcome(momentObject(PATTERN, `${partition}|${closeTime}`, moment), moment);
  return { ...object, properties: { ...object.properties, ...tradesOf(pattern) } };
}

/** An object with what the market did after its moment, once that is known over every horizon. */
function withOutcome(object: WeaviateObject, { partition, pattern }: LoggedPattern): WeaviateObject {
  if (pattern.resolvedAt === 0 || pattern.directions.some(Number.isNaN)) return object;
  return {
    ...object,
    properties: {
      ...object.properties,
      resolvedAt: new Date(pattern.resolvedAt).toISOString(),
      directions: [...pattern.directions],
      outcomePercent: pattern.returns.map((x) => x * 100),
      ...pipsOf(pattern, readPartitionName(partition).symbol),
    },
  };
}

function pipsOf({ returns, conditions }: PatternRecord, symbol: string): Record<string, unknown> {
  const { close } = conditions;
  if (close === undefined || returns.length !== HORIZONS.length) return {};
  return { outcomePips: returns.map((x) => (x * close) / pipOf(symbol)) };
}

function tradesOf({ trades }: PatternRecord): Record<string, unknown> {
  if (trades === undefined) return {};
  const { count, won, pips, percent } = trades;
  return {
    trades: count,
    tradesWon: won,
    winRate: won / count,
    tradePips: pips,
    tradePercent: percent,
  };
}
