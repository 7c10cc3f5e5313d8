import { setTimeout as sleep } from 'node:timers/promises';
import { timeframeMs } from '../../actors/market/timeframe.js';
import type { Quote } from '../../actors/market/quote.js';
import type { Engine } from '../engine.js';
import { SimulatedMarket, isWeekend } from './simulator.js';

/** Name of the feed, and so what every simulated series is labelled with. */
const SIMULATED_FEED = 'simulated';
const STEP_MS = 50;
const HOUR_MS = 3_600_000;

interface Followed {
  readonly market: SimulatedMarket;
  readonly group: string;
  pending: Quote[];
}

/** Feeds invented markets to the engine: first a stretch of history at once, then faster than real time. */
export class SimulatedFeed {
  readonly #engine: Engine;
  readonly #followed: Followed[] = [];
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
      let group = '';
      for (const { id, timeframe: signals } of subscribers) {
        group = await this.#engine.instruments.follow({
          feed: SIMULATED_FEED,
          symbol,
          base: timeframe,
          tenantId: id,
          timeframe: signals,
        });
      }
      if (group === '') continue;
      const market = new SimulatedMarket(symbol, seed, momentum, timeframeMs(timeframe));
      const known = this.#engine.lastQuoteTime(group);
      const followed: Followed = { market, group, pending: [] };
      // The same seed gives the same quotes: what the engine has is drawn again and left out.
      while (market.blockStart <= known) followed.pending = market.nextBlock().filter(({ ts }) => ts > known);
      this.#followed.push(followed);
      seriesIds.push(`${group}/${timeframe}`);
    }
    return seriesIds;
  }

  /** Ingests history until every series has `bars` bars. */
  async fillHistory(bars: number, onProgress: (share: number) => void): Promise<void> {
    const { timeframe } = this.#engine.config.simulator;
    for (let round = 0; ; round++) {
      let behind = false;
      let least = Infinity;
      for (const { market, group, pending } of this.#followed) {
        const have = this.#engine.instruments.barsOf(`${group}/${timeframe}`);
        least = Math.min(least, have);
        if (have >= bars) continue;
        behind = true;
        const quotes = pending.splice(0);
        for (let i = 0; i < 64; i++) quotes.push(...market.nextBlock());
        if (quotes.length > 0) this.#engine.intake.ingestQuotes(group, quotes);
      }
      onProgress(Math.min(1, least / bars));
      if (!behind) return;
      await this.#engine.settled();
    }
  }

  /** Starts the clock. Simulated time goes on from the newest quote. */
  run(): void {
    const { speed } = this.#engine.config.simulator;
    let startSimulated = Math.max(...this.#followed.map(({ group }) => this.#engine.lastQuoteTime(group)));
    const startReal = performance.now();
    this.#running = (async () => {
      while (!this.#stopped) {
        await sleep(STEP_MS);
        let now = startSimulated + (performance.now() - startReal) * speed;
        // Nothing happens while the markets are closed, so the clock goes on to where they open.
        for (; isWeekend(now); now += HOUR_MS) startSimulated += HOUR_MS;
        for (const followed of this.#followed) this.#advance(followed, now);
        this.#engine.intake.tick(SIMULATED_FEED, now);
        await this.#engine.backlog();
      }
    })();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  #advance(followed: Followed, now: number): void {
    const { market, group, pending } = followed;
    while (market.blockStart <= now) pending.push(...market.nextBlock());
    const due = pending.findIndex(({ ts }) => ts > now);
    const quotes = pending.splice(0, due < 0 ? pending.length : due);
    if (quotes.length > 0) this.#engine.intake.ingestQuotes(group, quotes);
  }
}
