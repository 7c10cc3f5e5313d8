import { canonicalSymbol } from '../../../actors/market/symbol.js';
import { quoted } from '../../errors.js';

/** Polygon's WebSocket clusters that carry what Suho takes. Each allows a key one connection. */
export const POLYGON_MARKETS = ['forex', 'crypto', 'stocks'] as const;
export type PolygonMarket = (typeof POLYGON_MARKETS)[number];

/** What the live stream of a ticker is made of. */
export const LIVE_UNITS = ['bars', 'quotes'] as const;
export type LiveUnit = (typeof LIVE_UNITS)[number];

/** Prefixes of WebSocket channels. */
const CHANNELS: Readonly<Record<PolygonMarket, Readonly<Record<LiveUnit, string>>>> = {
  forex: { bars: 'CA', quotes: 'C' },
  crypto: { bars: 'XA', quotes: 'XQ' },
  stocks: { bars: 'AM', quotes: 'Q' },
};
/** A quote currency has three letters. */
const QUOTE_LENGTH = 3;

/** A ticker as Polygon writes it, and the symbol that Suho calls it. */
export interface PolygonTicker {
  /** For REST: "C:EURUSD", "X:BTCUSD", "AAPL". */
  readonly ticker: string;
  readonly market: PolygonMarket;
  /** "EURUSD", "BTCUSD", "AAPL". */
  readonly symbol: string;
}

/** Reads a ticker; a sentence about what is wrong when it is none that can be taken. */
export function parseTicker(text: string): PolygonTicker | string {
  const ticker = text.trim().toUpperCase();
  const [, prefix, name = ''] = /^(?:([A-Z]):)?(.*)$/.exec(ticker)!;
  const symbol = canonicalSymbol(name);
  if (symbol === undefined || name.includes('/'))
    return `${quoted(text)} is not a ticker of Polygon; write C:EURUSD, X:BTCUSD or AAPL`;
  if (prefix === undefined) {
    return /^[A-Z]{6}$/.test(name)
      ? `${quoted(text)} would be a stock; write C:${name} for the currency pair or X:${name} for the crypto pair`
      : { ticker, market: 'stocks', symbol };
  }
  if (prefix === 'C')
    return /^[A-Z]{6}$/.test(name)
      ? { ticker, market: 'forex', symbol }
      : `${quoted(text)} is not a currency pair; write C:EURUSD`;
  if (prefix === 'X')
    return /^[A-Z0-9]{2,17}[A-Z]{3}$/.test(name)
      ? { ticker, market: 'crypto', symbol }
      : `${quoted(text)} is not a crypto pair; write X:BTCUSD`;
  return `${quoted(text)} is an index, an option or a future; Suho takes currencies (C:), crypto (X:) and stocks of Polygon`;
}

/** Parameter that subscribes a ticker: "CA.EUR-USD", "XQ.BTC-USD", "AM.AAPL". */
export function channelOf({ market, symbol }: PolygonTicker, unit: LiveUnit): string {
  const name =
    market === 'stocks' ? symbol : `${symbol.slice(0, -QUOTE_LENGTH)}-${symbol.slice(-QUOTE_LENGTH)}`;
  return `${CHANNELS[market][unit]}.${name}`;
}

/** Symbol of a pair as messages write it: "EUR/USD" and "BTC-USD"; a stock's ticker stands as it is. */
export function symbolOfPair(market: PolygonMarket, pair: string): string {
  return market === 'stocks' ? pair : pair.replaceAll(/[/-]/g, '');
}
