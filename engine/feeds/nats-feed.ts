import type { Logger } from 'pino';
import { z } from 'zod';
import { canonicalSymbol } from '../../actors/market/symbol.js';
import { TIMEFRAMES } from '../../actors/market/timeframe.js';
import { isTenantId } from '../credentials/tenant-id.js';
import { SuhoError } from '../errors.js';
import type { Intake, PublishedBars, PublishedQuotes } from '../intake/intake.js';
import { quoted, type Delivery } from '../messaging/delivery.js';
import type { NatsMessaging } from '../messaging/nats.js';

/** Bars or quotes of one message. */
const ROWS_MAX = 1_000;
/** Rejected rows of a message that are logged. */
const REJECTED_LOGGED_MAX = 5;

const unknown = z
  .number()
  .nullish()
  .transform((x) => x ?? NaN);
const timeframe = z.enum(TIMEFRAMES);
const signalTimeframes = z.array(timeframe).max(TIMEFRAMES.length).default([]);

const barsBody = z.strictObject({
  timeframe,
  bars: z.array(
    z
      .strictObject({
        open_time: z.number(),
        open: z.number(),
        high: z.number(),
        low: z.number(),
        close: z.number(),
        volume: unknown,
        tick_count: unknown,
        bid: unknown,
        ask: unknown,
      })
      .transform(({ open_time: openTime, tick_count: tickCount, ...bar }) => ({
        ...bar,
        openTime,
        tickCount,
      })),
  ),
  signal_timeframes: signalTimeframes,
});

const quotesBody = z.strictObject({
  quotes: z.array(
    z
      .strictObject({
        ts: z.number(),
        bid: z.number(),
        ask: z.number(),
        bid_size: unknown,
        ask_size: unknown,
      })
      .transform(({ bid_size: bidSize, ask_size: askSize, ...quote }) => ({ ...quote, bidSize, askSize })),
  ),
  signal_timeframes: signalTimeframes,
});

/** What the feed needs of an engine. */
export interface NatsFeedEnds {
  readonly intake: Pick<Intake, 'publishInOrder'>;
  readonly trades: {
    report(tenantId: string, userId: undefined, report: unknown): Promise<{ readonly answer: string }>;
  };
  /** Tenants that are configured; when there are none, any may publish that the broker lets in. */
  readonly tenants: readonly string[];
  readonly log: Logger;
}

/** Bars, quotes and trade results from NATS, each message acknowledged once it is durable here. */
export class NatsFeed {
  readonly #ends: NatsFeedEnds;
  readonly #tenants: ReadonlySet<string>;

  constructor(ends: NatsFeedEnds) {
    this.#ends = ends;
    this.#tenants = new Set(ends.tenants);
  }

  /** Begins to take what comes. */
  start(messaging: NatsMessaging): void {
    messaging.consume('SUHO_MARKET', async (deliveries) => await this.#takeMarket(deliveries));
    messaging.consume('SUHO_TRADES', async ([delivery]) => await this.#takeTrade(delivery!));
  }

  /**
   * Messages of one subject, as many as can be taken together. One that cannot be read ends them; it comes first the next
   * time, and is refused then.
   */
  async #takeMarket(deliveries: readonly Delivery[]): Promise<number> {
    const requests: (PublishedBars | PublishedQuotes)[] = [];
    let rows = 0;
    for (const delivery of deliveries) {
      if (rows >= ROWS_MAX) break;
      try {
        const request = this.#readMarket(delivery);
        rows += 'bars' in request ? request.bars.length : request.quotes.length;
        requests.push(request);
      } catch (error) {
        if (requests.length === 0) throw error;
        break;
      }
    }
    const results = await this.#ends.intake.publishInOrder(requests);
    const { tenantId, symbol } = requests[0]!;
    for (const { rejected } of results)
      if (rejected.length > 0)
        this.#ends.log.warn(
          { tenantId, symbol, rejected: rejected.slice(0, REJECTED_LOGGED_MAX), count: rejected.length },
          'rows were rejected',
        );
    return results.length;
  }

  /**
   * Body of `suho.market.TENANT.SYMBOL`: closed bars of one timeframe, or quotes; oldest first, 1,000 at most. A
   * message without a row, or from nobody's tenant, creates nothing.
   */
  #readMarket({ tokens, json }: Delivery): PublishedBars | PublishedQuotes {
    const tenantId = this.#readTenant(tokens);
    const symbolText = tokens[1] ?? '';
    const symbol = canonicalSymbol(symbolText);
    if (symbol === undefined) throw new SuhoError('BAD_INPUT', `${quoted(symbolText)} is not a symbol.`);
    const body = readObject(json());
    if ('bars' in body) {
      requireRows('bars', body['bars']);
      const { bars, timeframe: base, signal_timeframes: signals } = read(barsBody, body);
      return { tenantId, symbol, timeframe: base, signalTimeframes: signals, bars };
    }
    requireRows('quotes', body['quotes']);
    const { quotes, signal_timeframes: signals } = read(quotesBody, body);
    return { tenantId, symbol, signalTimeframes: signals, quotes };
  }

  /** Body of `suho.trades.TENANT`: a report with the fields of ReportTradeRequest. */
  async #takeTrade({ tokens, json }: Delivery): Promise<number> {
    const tenantId = this.#readTenant(tokens);
    const report = Object.fromEntries(
      Object.entries(readObject(json())).map(([name, value]) => [
        name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
        value,
      ]),
    );
    const { answer } = await this.#ends.trades.report(tenantId, undefined, report);
    if (answer === 'UNKNOWN_PREDICTION')
      this.#ends.log.warn({ tenantId }, 'ignored a trade on a prediction that the tenant does not have');
    return 1;
  }

  /** The broker's permissions vouch for the tenant; the configuration says which there are. */
  #readTenant([tenantId = '']: readonly string[]): string {
    if (!isTenantId(tenantId)) throw new SuhoError('BAD_INPUT', `${quoted(tenantId)} is not a tenant.`);
    if (this.#tenants.size > 0 && !this.#tenants.has(tenantId))
      throw new SuhoError('BAD_INPUT', `Tenant ${quoted(tenantId)} is not configured.`);
    return tenantId;
  }
}

function readObject(given: unknown): Readonly<Record<string, unknown>> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new SuhoError('BAD_INPUT', 'The message is not a JSON object.');
  return given as Record<string, unknown>;
}

/** Before anything is parsed: checking a hundred thousand wrong rows would hold the loop. */
function requireRows(field: 'bars' | 'quotes', rows: unknown): void {
  if (!Array.isArray(rows) || rows.length === 0 || rows.length > ROWS_MAX)
    throw new SuhoError('BAD_INPUT', `${field}: an array of 1 to ${ROWS_MAX} rows is needed.`);
}

function read<Body>(schema: z.ZodType<Body>, given: unknown): Body {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') ?? '';
  const what =
    issue?.code === 'unrecognized_keys' ? `unknown field ${quoted(issue.keys[0] ?? '')}` : issue?.message;
  throw new SuhoError('BAD_INPUT', `${where === '' ? 'message' : where}: ${what ?? ''}`);
}
