import { polygonKey } from '../feeds/polygon/key.js';
import { PolygonRest } from '../feeds/polygon/rest.js';
import type { Config } from '../config.js';

/** Tickers that are asked for: the free plan allows five calls a minute, and one is for the key. */
const TICKERS_ASKED = 4;

/** What Polygon said about the key and the first tickers of the configuration. */
export interface PolygonState {
  /** Undefined when Polygon is not used. */
  readonly found: string | undefined;
  /** Tickers that Polygon has no bar of. */
  readonly unknown: readonly string[];
}

/**
 * Asks Polygon by REST whether the key holds and the plan includes the configured tickers. It opens no WebSocket: a key has
 * one for each market, and a running engine would lose its own. Throws what {@link PolygonRest.aggregates} throws.
 */
export async function checkPolygon(
  { polygon }: Config,
  environment: NodeJS.ProcessEnv,
): Promise<PolygonState> {
  if (polygon.tickers.length === 0) return { found: undefined, unknown: [] };
  const rest = new PolygonRest({ url: polygon.restUrl, key: polygonKey(environment) });
  await rest.check();
  const unknown: string[] = [];
  const asked = polygon.tickers.slice(0, TICKERS_ASKED);
  for (const { ticker } of asked) if (!(await rest.has(ticker))) unknown.push(ticker);
  const rows = asked.map(({ ticker }) => ticker).join(', ');
  return { found: `${new URL(polygon.restUrl).origin}, the key holds; asked for ${rows}`, unknown };
}
