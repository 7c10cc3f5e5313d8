import { setTimeout as sleep } from 'node:timers/promises';
import { timeframeMs } from '../../actors/market/timeframe.js';
import type { Quote } from '../../actors/market/quote.js';
import type { Engine } from '../engine.js';
import { SuhoError } from '../errors.js';
import { instrumentOfSeries } from '../instruments/ids.js';
import { whenTaken } from './backpressure.js';
import { SimulatedMarket, isWeekend } from './simulator.js';

/** Name of the feed, and so what every simulated series is labelled with. */
export const SIMULATED_FEED = 'simulated';
const STEP_MS = 50;
const HOUR_MS = 3_600_000;

interface Followed {
  readonly market: SimulatedMarket;
  readonly instrument: string;
  pending: Quote[];
}

/** A simulated series and the tenants with signals for it. */
export interface SimulatedSeries {
  readonly seriesId: string;
  readonly tenantIds: readonly string[];
}

/** Feeds invented markets to the engine: first a stretch of history at once, then faster than real time. */
export class SimulatedFeed {
  readonly #engine: Engine;
  readonly #followed: Followed[] = [];
  readonly #series = new Map<string, string[]>();
  #stopped = false;
  #running: Promise<void> | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Follows the configured symbols for the configured tenants and takes up where the journal ends. */
  async open(defaultTenant: string): Promise<string[]> {
    const { simulator, tenants } = this.#engine.config;
    const { timeframe, seed, momentum } = simulator;
    const seriesIds: string[] = [];
    for (const symbol of simulator.symbols) {
      const wanted = tenants.flatMap(({ id, series }) =>
        series
          .filter((s) => s.feed === SIMULATED_FEED && s.symbol === symbol)
          .map((s) => ({ id, timeframe: s.timeframe })),
      );
      const subscribers = tenants.length === 0 ? [{ id: defaultTenant, timeframe }] : wanted;
      let instrument = '';
      for (const { id, timeframe: signals } of subscribers) {
        const request = { feed: SIMULATED_FEED, symbol, base: timeframe, tenantId: id, timeframe: signals };
        instrument = (await this.#taken(() => this.#engine.instruments.follow(request))) ?? instrument;
        const seriesId = this.#engine.instruments.get(instrument)?.seriesId(signals);
        if (seriesId === undefined) continue;
        this.#series.set(seriesId, [...(this.#series.get(seriesId) ?? []), id]);
      }
      const base = this.#engine.instruments.get(instrument)?.base;
      if (base === undefined || this.#hasFailed(instrument)) continue;
      const market = new SimulatedMarket(symbol, seed, momentum, timeframeMs(timeframe));
      const known = this.#newestQuote(instrument);
      const followed: Followed = { market, instrument, pending: [] };
      // The same seed gives the same quotes: what the engine has is drawn again and left out.
      while (market.blockStart <= known) followed.pending = market.nextBlock().filter(({ ts }) => ts > known);
      this.#followed.push(followed);
      seriesIds.push(base);
    }
    return seriesIds;
  }

  /** Whether it was stopped, also in the middle of its history. */
  get isStopped(): boolean {
    return this.#stopped;
  }

  /** Every series that a tenant has signals for, whichever tenant it is, except where the instrument has failed. */
  get series(): readonly SimulatedSeries[] {
    return [...this.#series]
      .filter(([seriesId]) => !this.#hasFailed(instrumentOfSeries(seriesId)))
      .map(([seriesId, tenantIds]) => ({ seriesId, tenantIds }));
  }

  /** Ingests history until every series has `bars` bars. */
  async fillHistory(bars: number, onProgress: (share: number) => void): Promise<void> {
    while (!this.#stopped) {
      let behind = false;
      let least = Infinity;
      for (const { market, instrument, pending } of this.#followed) {
        if (this.#hasFailed(instrument)) continue;
        const base = this.#engine.instruments.get(instrument)?.base;
        const have = base === undefined ? bars : this.#engine.instruments.barsOf(base);
        least = Math.min(least, have);
        if (have >= bars) continue;
        behind = true;
        const quotes = pending.splice(0);
        for (let i = 0; i < 64; i++) quotes.push(...market.nextBlock());
        await this.#ingest(instrument, quotes);
      }
      onProgress(Math.min(1, least / bars));
      if (!behind) return;
      await this.#engine.settled();
    }
  }

  /** Starts the clock. Simulated time goes on from the newest quote. */
  run(): void {
    const { speed } = this.#engine.config.simulator;
    let startSimulated = Math.max(...this.#followed.map(({ instrument }) => this.#newestQuote(instrument)));
    const startReal = performance.now();
    this.#running = (async () => {
      while (!this.#stopped) {
        await sleep(STEP_MS);
        let now = startSimulated + (performance.now() - startReal) * speed;
        // Nothing happens while the markets are closed, so the clock goes on to where they open.
        for (; isWeekend(now); now += HOUR_MS) startSimulated += HOUR_MS;
        for (const followed of this.#followed) await this.#advance(followed, now);
        this.#engine.intake.tick(SIMULATED_FEED, now);
      }
    })();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #advance(followed: Followed, now: number): Promise<void> {
    const { market, instrument, pending } = followed;
    while (market.blockStart <= now) pending.push(...market.nextBlock());
    const due = pending.findIndex(({ ts }) => ts > now);
    const quotes = pending.splice(0, due < 0 ? pending.length : due);
    await this.#ingest(instrument, quotes);
  }

  async #ingest(id: string, quotes: readonly Quote[]): Promise<void> {
    if (quotes.length === 0) return;
    const instrument = this.#engine.instruments.get(id);
    if (instrument !== undefined) await this.#engine.instruments.backlog(instrument);
    // Simulated time may be ahead of ours.
    const now = quotes.at(-1)!.ts;
    await this.#taken(() => this.#engine.intake.ingestQuotes(id, quotes, now));
  }

  /** Time of the newest quote an instrument has, −Infinity before the first. */
  #newestQuote(id: string): number {
    return this.#engine.instruments.get(id)?.cursor.state.lastQuoteTime ?? -Infinity;
  }

  /** A failed instrument takes nothing until the next start; the other markets go on. */
  #hasFailed(id: string): boolean {
    return this.#engine.instruments.get(id)?.state === 'failed';
  }

  /**
   * Waits where the engine is full or recovering: simulated quotes can always come later. Undefined when they were not
   * taken, because the feed was stopped or the instrument has failed.
   */
  async #taken<T>(take: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await whenTaken(take, {
        isStopped: () => this.#stopped,
        onWait: ({ code, message }) => this.#engine.log.warn({ code, message }, 'the simulated feed waits'),
      });
    } catch (error) {
      if (error instanceof SuhoError && error.code === 'INSTRUMENT_FAILED') return undefined;
      throw error;
    }
  }
}
