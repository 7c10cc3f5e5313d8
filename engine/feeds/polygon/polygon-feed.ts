import type { Logger } from 'pino';
import type { Quote } from '../../../actors/market/quote.js';
import type { Timeframe } from '../../../actors/market/timeframe.js';
import { pause, type Clock, type Timer } from '../../clock.js';
import type { Config } from '../../config.js';
import { SuhoError } from '../../errors.js';
import { instrumentId } from '../../instruments/ids.js';
import type { Instrument } from '../../instruments/instrument.js';
import type { Instruments } from '../../instruments/instruments.js';
import type { Ingestion, Intake, IntakeResult } from '../../intake/intake.js';
import { PLATFORM } from '../../credentials/tenant-id.js';
import { whenTaken } from '../backpressure.js';
import { LiveTicker, type TickerDoor } from './live-ticker.js';
import { MarketSocket } from './market-socket.js';
import type { PolygonRow } from './messages.js';
import { PolygonRest } from './rest.js';
import { POLYGON_MARKETS, channelOf, type PolygonMarket, type PolygonTicker } from './ticker.js';

/** Name of the shared feed. */
export const POLYGON_FEED = 'polygon';
/** What comes from Polygon is minutes: bars as they are, quotes built into them, so that REST can fill a gap. */
export const POLYGON_BASE: Timeframe = '1m';
const TICK_MS = 1_000;
/** How long after a minute its last quotes may come. */
const LATE_QUOTES_MS = 2_000;

export interface PolygonFeedParts {
  readonly instruments: Pick<Instruments, 'follow' | 'get' | 'backlog'>;
  readonly intake: Pick<Intake, 'ingestBars' | 'ingestQuotes' | 'tick'>;
  readonly settings: Config['polygon'];
  readonly key: string;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Market {
  readonly market: PolygonMarket;
  readonly socket: MarketSocket;
  readonly tickers: ReadonlyMap<string, LiveTicker>;
}

/** Live market data of Polygon (Massive) as the shared feed `polygon`. */
export class PolygonFeed {
  readonly #parts: PolygonFeedParts;
  readonly #stop = new AbortController();
  #markets: readonly Market[] = [];
  #ticking: Timer | undefined;
  /** How far the vendor's times are behind the clock, at least. */
  #behindMs = Infinity;

  constructor(parts: PolygonFeedParts) {
    this.#parts = parts;
  }

  /** What is wrong, a sentence for each market that has a fault. */
  get sources(): readonly { readonly name: string; readonly error: string | undefined }[] {
    return this.#markets.map(({ market, socket, tickers }) => ({
      name: `polygon ${market}`,
      error: socket.error ?? [...tickers.values()].find(({ error }) => error !== undefined)?.error,
    }));
  }

  /**
   * Follows every ticker for a tenant, where the configuration names no tenants that would; then begins to take what
   * comes. Throws what {@link Instruments.follow} throws.
   */
  async start(defaultTenant: string | undefined): Promise<void> {
    const followed: PolygonTicker[] = [];
    for (const ticker of this.#parts.settings.tickers) {
      if (defaultTenant !== undefined) await this.#follow(ticker, defaultTenant);
      if (this.#instrument(ticker) !== undefined) followed.push(ticker);
      else
        this.#parts.log.warn(
          { ticker: ticker.ticker },
          `nobody follows it: name { "feed": "polygon", "symbol": "${ticker.symbol}" } in the series of a tenant`,
        );
    }
    this.#markets = POLYGON_MARKETS.flatMap((market) => {
      const own = followed.filter((ticker) => ticker.market === market);
      return own.length === 0 ? [] : [this.#open(market, own)];
    });
    if (this.#parts.settings.live === 'quotes') this.#tick();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#ticking?.cancel();
    await Promise.all(
      this.#markets.flatMap(({ socket, tickers }) => [
        socket.stop(),
        ...[...tickers.values()].map(async (ticker) => await ticker.stop()),
      ]),
    );
  }

  #open(market: PolygonMarket, tickers: readonly PolygonTicker[]): Market {
    const { settings, key, clock, log } = this.#parts;
    const live = new Map(tickers.map((ticker) => [ticker.symbol, this.#liveTicker(ticker)]));
    const socket = new MarketSocket({
      market,
      url: settings.webSocketUrl,
      key,
      channels: tickers.map((ticker) => channelOf(ticker, settings.live)),
      clock,
      log,
      onConnected: () => live.forEach((ticker) => ticker.connected()),
      onRow: (row) => {
        if (row.kind === 'quote') this.#behindMs = Math.min(this.#behindMs, clock.now() - row.quote.ts);
        live.get(row.symbol)?.take(row);
      },
    });
    live.forEach((ticker) => ticker.start());
    socket.start();
    return { market, socket, tickers: live };
  }

  #liveTicker(ticker: PolygonTicker): LiveTicker {
    const { settings, key, clock, log } = this.#parts;
    const { live: unit, historyDays, restUrl: url } = settings;
    const rest = new PolygonRest({
      url,
      key,
      now: () => clock.now(),
      wait: async (ms) => await pause(clock, ms, this.#stop.signal),
      onWait: (reason, ms) => log.info({ ticker: ticker.ticker, reason, ms }, 'waiting for Polygon'),
      signal: this.#stop.signal,
    });
    return new LiveTicker({ ticker, unit, rest, door: this.#door(ticker), clock, log, historyDays });
  }

  #instrument({ symbol }: PolygonTicker): Instrument | undefined {
    return this.#parts.instruments.get(instrumentId(POLYGON_FEED, PLATFORM, symbol));
  }

  async #follow({ symbol }: PolygonTicker, tenantId: string): Promise<void> {
    const { instruments, settings } = this.#parts;
    for (const timeframe of settings.timeframes)
      await whenTaken(
        async () =>
          await instruments.follow({ feed: POLYGON_FEED, symbol, base: POLYGON_BASE, tenantId, timeframe }),
        { isStopped: () => this.#stop.signal.aborted },
      );
  }

  #door(ticker: PolygonTicker): TickerDoor {
    const { intake } = this.#parts;
    const now = (): number => this.#parts.clock.now();
    return {
      cursor: () => this.#existing(ticker).cursor.state,
      bars: async (bars) => await this.#taken(ticker, ({ id }) => intake.ingestBars(id, bars, now())),
      quotes: async (rows) =>
        await this.#taken(ticker, ({ id }) => intake.ingestQuotes(id, rows.flatMap(quoteOf), now())),
    };
  }

  #existing(ticker: PolygonTicker): Instrument {
    const instrument = this.#instrument(ticker);
    if (instrument === undefined)
      throw new SuhoError(
        'NOT_FOUND',
        `${ticker.symbol} of Polygon was removed; it is followed again at the next start.`,
      );
    return instrument;
  }

  async #taken(
    ticker: PolygonTicker,
    ingest: (instrument: Instrument) => Ingestion,
  ): Promise<IntakeResult | undefined> {
    const { instruments, log } = this.#parts;
    await instruments.backlog(this.#existing(ticker));
    const ingestion = await whenTaken(() => ingest(this.#existing(ticker)), {
      isStopped: () => this.#stop.signal.aborted,
      onWait: ({ code, message }) =>
        log.warn({ ticker: ticker.ticker, code, message }, 'Polygon’s rows wait'),
    });
    return await ingestion?.done();
  }

  /** Closes bars whose minute is over although no quote comes. */
  #tick(): void {
    const { clock, intake } = this.#parts;
    this.#ticking = clock.setTimeout(() => {
      if (this.#behindMs !== Infinity)
        intake.tick(POLYGON_FEED, clock.now() - Math.max(0, this.#behindMs) - LATE_QUOTES_MS);
      this.#tick();
    }, TICK_MS);
  }
}

function quoteOf(row: PolygonRow): Quote[] {
  return row.kind === 'quote' ? [row.quote] : [];
}
