import { z } from 'zod';
import type { Bar } from '../../actors/market/bar.js';
import { canonicalSymbol } from '../../actors/market/symbol.js';
import { TIMEFRAMES } from '../../actors/market/timeframe.js';
import type { Engine } from '../engine.js';
import { SuhoError, quoted } from '../errors.js';
import type { Delivery, NatsMessaging } from '../messaging/nats.js';
import { followPublished } from './published-feed.js';

const unknown = z
  .number()
  .nullish()
  .transform((x) => x ?? NaN);
const timeframe = z.enum(TIMEFRAMES);

/** Body of `suho.market.TENANT.SYMBOL`: closed bars of one timeframe, or quotes; oldest first, 1,000 at most. */
const market = z.union([
  z.strictObject({
    timeframe,
    bars: z
      .array(
        z.strictObject({
          open_time: z.number(),
          open: z.number(),
          high: z.number(),
          low: z.number(),
          close: z.number(),
          volume: unknown,
          tick_count: unknown,
          bid: unknown,
          ask: unknown,
        }),
      )
      .max(1_000),
    signal_timeframes: z.array(timeframe).default([]),
  }),
  z.strictObject({
    quotes: z
      .array(
        z.strictObject({
          ts: z.number(),
          bid: z.number(),
          ask: z.number(),
          bid_size: unknown,
          ask_size: unknown,
        }),
      )
      .max(1_000),
    signal_timeframes: z.array(timeframe).default([]),
  }),
]);

/** Bars, quotes and trade results from NATS, each message acknowledged once it is durable here. */
export class NatsFeed {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Begins to take what comes. */
  start(messaging: NatsMessaging): void {
    messaging.consume('SUHO_MARKET', async (delivery) => await this.#takeMarket(delivery));
    messaging.consume('SUHO_TRADES', async (delivery) => await this.#takeTrade(delivery));
  }

  async #takeMarket({ tokens, json }: Delivery): Promise<void> {
    const tenantId = readTenant(tokens);
    const symbolText = tokens[1] ?? '';
    const symbol = canonicalSymbol(symbolText);
    if (symbol === undefined) throw new SuhoError('BAD_INPUT', `${quoted(symbolText)} is not a symbol.`);
    const parsed = market.safeParse(json());
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new SuhoError('BAD_INPUT', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
    }
    const { data } = parsed;
    const base = 'bars' in data ? data.timeframe : this.#engine.config.bars.base;
    const group = await followPublished(this.#engine, tenantId, symbol, base, data.signal_timeframes);
    const { durable, rejected } =
      'bars' in data
        ? this.#engine.ingestBars(
            group,
            data.bars.map(({ open_time: openTime, tick_count: tickCount, ...bar }): Bar => ({
              ...bar,
              openTime,
              tickCount,
            })),
          )
        : this.#engine.ingestQuotes(
            group,
            data.quotes.map(({ bid_size: bidSize, ask_size: askSize, ...quote }) => ({
              ...quote,
              bidSize,
              askSize,
            })),
          );
    if (rejected.length > 0)
      this.#engine.log.warn({ tenantId, symbol, rejected: rejected.slice(0, 5) }, 'rows were rejected');
    await durable;
    await this.#engine.backlog();
  }

  /** Body of `suho.trades.TENANT`: a report with the fields of ReportTradeRequest. */
  async #takeTrade({ tokens, json }: Delivery): Promise<void> {
    const tenantId = readTenant(tokens);
    const given = json();
    if (typeof given !== 'object' || given === null || Array.isArray(given))
      throw new SuhoError('BAD_INPUT', 'A trade is an object.');
    const report = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [
        name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
        value as unknown,
      ]),
    );
    const { answer } = await this.#engine.feedback.report(tenantId, undefined, report);
    if (answer === 'UNKNOWN_PREDICTION')
      this.#engine.log.warn({ tenantId }, 'a trade on a prediction the tenant does not have was not taken');
  }
}

function readTenant([tenantId = '']: readonly string[]): string {
  if (!/^[a-z0-9][a-z0-9_-]{0,62}$/i.test(tenantId))
    throw new SuhoError('BAD_INPUT', `${quoted(tenantId)} is not a tenant.`);
  return tenantId;
}
