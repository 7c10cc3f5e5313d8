import type { Logger } from 'pino';
import type { Bar } from '../../../actors/market/bar.js';
import type { CursorState } from '../../../actors/series-machine.js';
import { pause, type Clock } from '../../clock.js';
import { SuhoError, messageOf } from '../../errors.js';
import type { IntakeResult } from '../../intake/intake.js';
import { timeDefect } from '../../intake/plausible-time.js';
import type { PolygonRow } from './messages.js';
import type { PolygonRest } from './rest.js';
import type { LiveUnit, PolygonTicker } from './ticker.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Rows that wait to be taken; at the limit they are dropped, and REST gives what was in them. */
const WAITING_MAX = 50_000;
/** Rows handed in at once. */
const CHUNK = 1_000;
/** How long a minute is left alone after its end, before REST is asked for it. */
const SETTLE_MS = 2_000;
/** How long the rest of a gap is asked for while REST has it not, or fails; then live data goes on, and the gap stays. */
const PATIENCE_MS = 300_000;
const ASK_AGAIN_MS = 3_000;
const ASK_AGAIN_MS_MAX = 30_000;

/** Where the rows of a ticker go. */
export interface TickerDoor {
  /** Where its instrument's input ends. */
  cursor(): CursorState;
  /** Both wait while the engine is full; undefined when the feed was stopped meanwhile. */
  bars(bars: readonly Bar[]): Promise<IntakeResult | undefined>;
  quotes(rows: readonly PolygonRow[]): Promise<IntakeResult | undefined>;
}

export interface LiveTickerParts {
  readonly ticker: PolygonTicker;
  readonly unit: LiveUnit;
  readonly rest: Pick<PolygonRest, 'aggregates'>;
  readonly door: TickerDoor;
  readonly clock: Clock;
  readonly log: Logger;
  /** Days of minutes that an instrument begins with. */
  readonly historyDays: number;
}

/**
 * One ticker's way into the engine. Everything that comes is taken in its order: after each new connection the minutes that
 * were missed are asked of REST, up to the first row from where the live stream is whole: the first minute bar, or the first
 * quote of the first minute that begins after the connection. Only then live rows go on. Rows that come twice at the seam
 * are known to intake.
 */
export class LiveTicker {
  readonly #parts: LiveTickerParts;
  #waiting: (PolygonRow | 'connected')[] = [];
  #wake: () => void = () => undefined;
  #running: Promise<void> | undefined;
  readonly #stop = new AbortController();
  /** Whether the live stream is not whole yet. */
  #joining = true;
  /** Start of the first minute that the live quotes have from its beginning. */
  #seam: number | undefined;
  #gap: string | undefined;

  constructor(parts: LiveTickerParts) {
    this.#parts = parts;
  }

  /** What could not be had of the last gap; undefined when it was filled. */
  get error(): string | undefined {
    return this.#gap;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake();
    await this.#running;
  }

  /** A connection begins: what comes now follows a gap. */
  connected(): void {
    this.#push('connected');
  }

  take(row: PolygonRow): void {
    if (this.#waiting.length >= WAITING_MAX) {
      this.#parts.log.warn({ ticker: this.#parts.ticker.ticker }, 'rows wait too long: REST will give them');
      this.#waiting = ['connected'];
    }
    this.#push(row);
  }

  #push(item: PolygonRow | 'connected'): void {
    this.#waiting.push(item);
    this.#wake();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const items = this.#waiting.splice(0, CHUNK);
      if (items.length === 0) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      let rows: PolygonRow[] = [];
      for (const item of items) {
        if (item === 'connected') {
          await this.#hand(rows);
          rows = [];
          await this.#begin();
        } else if (!this.#joining || (await this.#isWhole(item))) rows.push(item);
      }
      await this.#hand(rows);
    }
  }

  /** Asks for what is missing now; the last minutes are left to the seam, when they are over for certain. */
  async #begin(): Promise<void> {
    this.#joining = true;
    this.#seam = undefined;
    const now = this.#parts.clock.now();
    await this.#fill(now - (now % MINUTE_MS) - MINUTE_MS, undefined);
  }

  /** Whether the live stream is whole from this row on; then all before it is filled. */
  async #isWhole(row: PolygonRow): Promise<boolean> {
    const time = row.kind === 'bar' ? row.bar.openTime : row.quote.ts;
    // Intake refuses it by name; it says nothing about the stream.
    if (timeDefect(time, this.#parts.clock.now()) !== undefined) return true;
    if (row.kind === 'bar') await this.#fill(time, undefined);
    else {
      this.#seam ??= time - (time % MINUTE_MS) + MINUTE_MS;
      if (time < this.#seam) return false;
      await pause(this.#parts.clock, SETTLE_MS, this.#stop.signal);
      // There were quotes in the minute before, so REST has to have a bar of it.
      await this.#fill(this.#seam, this.#seam - MINUTE_MS);
    }
    this.#joining = false;
    return true;
  }

  /** Takes the closed minutes up to `to` from REST; the one that opens at `needed` has to be among them. Never rejects. */
  async #fill(to: number, needed: number | undefined): Promise<void> {
    const { ticker, clock, log } = this.#parts;
    const start = clock.monotonic();
    for (let waitMs = ASK_AGAIN_MS; !this.#stopped; waitMs = Math.min(ASK_AGAIN_MS_MAX, 2 * waitMs)) {
      const from = this.#missingFrom();
      if (from >= to) break;
      let reason: string;
      try {
        const newest = await this.#takePages(from, to);
        if (needed === undefined || newest >= needed || this.#missingFrom() >= to) break;
        reason = 'REST has the last minute not yet';
      } catch (error) {
        reason = messageOf(error);
        if (error instanceof SuhoError && error.code !== 'STORE_UNAVAILABLE')
          return this.#leave(from, to, reason);
      }
      if (clock.monotonic() - start > PATIENCE_MS) return this.#leave(from, to, reason);
      log.warn({ ticker: ticker.ticker, reason }, 'a gap is not filled yet');
      await pause(clock, waitMs, this.#stop.signal);
    }
    this.#gap = undefined;
  }

  #leave(from: number, to: number, reason: string): void {
    if (this.#stopped) return;
    const { ticker, log } = this.#parts;
    const span = [from, to].map((ms) => new Date(ms).toISOString().replace('.000Z', 'Z')).join(' to ');
    this.#gap = `${ticker.ticker} has a gap from ${span}: ${reason}`;
    log.error({ ticker: ticker.ticker, from, to, reason }, 'a gap stays');
  }

  /** Hands in what REST has; returns the open time of the newest bar. */
  async #takePages(from: number, to: number): Promise<number> {
    let newest = -Infinity;
    const request = { ticker: this.#parts.ticker.ticker, timeframe: '1m', from, to } as const;
    for await (const bars of this.#parts.rest.aggregates(request)) {
      for (let i = 0; i < bars.length && !this.#stopped; i += CHUNK) {
        const part = bars.slice(i, i + CHUNK);
        this.#report(await this.#parts.door.bars(part));
        for (const { openTime } of part) if (openTime > newest) newest = openTime;
      }
    }
    return newest;
  }

  /** Start of the first minute that the instrument does not have. */
  #missingFrom(): number {
    const { closedThrough, openBarTime } = this.#parts.door.cursor();
    if (openBarTime !== undefined) return openBarTime + MINUTE_MS;
    if (closedThrough !== -Infinity) return closedThrough;
    const { clock, historyDays } = this.#parts;
    const from = clock.now() - historyDays * DAY_MS;
    return from - (from % MINUTE_MS);
  }

  async #hand(rows: readonly PolygonRow[]): Promise<void> {
    if (rows.length === 0 || this.#stopped) return;
    const { door, unit, log, ticker } = this.#parts;
    try {
      this.#report(
        unit === 'quotes'
          ? await door.quotes(rows)
          : await door.bars(rows.flatMap((row) => (row.kind === 'bar' ? [row.bar] : []))),
      );
    } catch (error) {
      log.warn({ ticker: ticker.ticker, error: messageOf(error) }, 'rows of Polygon were not taken');
    }
  }

  #report(result: IntakeResult | undefined): void {
    if (result === undefined || result.rejected.length === 0) return;
    const { log, ticker } = this.#parts;
    const [first] = result.rejected;
    const facts = { ticker: ticker.ticker, rejected: result.rejected.length, reason: first!.reason };
    log.warn(facts, 'Polygon sent rows that no market has');
  }

  get #stopped(): boolean {
    return this.#stop.signal.aborted;
  }
}
