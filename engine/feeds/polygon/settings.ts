import { z } from 'zod';
import { TIMEFRAMES } from '../../../actors/market/timeframe.js';
import { LIVE_UNITS, parseTicker } from './ticker.js';

/** Tickers of one engine. */
const TICKERS_MAX = 2_000;
const HISTORY_DAYS_MAX = 3_650;

const ticker = z.string().transform((text, context) => {
  const parsed = parseTicker(text);
  if (typeof parsed !== 'string') return parsed;
  context.addIssue({ code: 'custom', message: parsed });
  return z.NEVER;
});

/** Live market data of Polygon (Massive). The key is no setting: it comes from the environment. */
export const polygonSettings = z
  .strictObject({
    tickers: z
      .array(ticker)
      .max(TICKERS_MAX)
      .default([])
      .superRefine((tickers, context) => {
        const seen = new Map<string, string>();
        tickers.forEach(({ ticker: name, symbol }, index) => {
          const first = seen.get(symbol);
          if (first !== undefined)
            context.addIssue({
              code: 'custom',
              path: [index],
              message: `${name} and ${first} are both the symbol ${symbol}`,
            });
          seen.set(symbol, name);
        });
      })
      .describe('Tickers to take, such as C:EURUSD, X:BTCUSD or AAPL; without any, Polygon is not used'),
    live: z.enum(LIVE_UNITS).default('bars').describe('Minute bars, or quotes that bars are built from'),
    timeframes: z
      .array(z.enum(TIMEFRAMES))
      .min(1)
      .default(['1h'])
      .describe('Timeframes of signals when no tenants are configured'),
    historyDays: z
      .number()
      .int()
      .min(0)
      .max(HISTORY_DAYS_MAX)
      .default(40)
      .describe('Days of minute bars that a symbol begins with'),
    restUrl: z.url({ protocol: /^https?$/ }).default('https://api.massive.com'),
    webSocketUrl: z
      .url({ protocol: /^wss?$/ })
      .default('wss://socket.massive.com')
      .describe('wss://delayed.massive.com for a plan with delayed data'),
  })
  .prefault({});
