import { strict as assert } from 'node:assert';
import type { Bar } from '../../actors/market/bar.js';
import type { Quote } from '../../actors/market/quote.js';
import { timeframeMs, type Timeframe } from '../../actors/market/timeframe.js';
import { SuhoError } from '../../engine/errors.js';
import { PUBLISHED_FEED, type IntakeResult } from '../../engine/intake/intake.js';
import { instrumentId } from '../../engine/instruments/ids.js';
import type { Random } from '../../engine/learning/random.js';
import type { World } from './world.js';

/** How a client sends its market: quotes, closed bars, or now one and now the other. */
export type Habit = 'quotes' | 'bars' | 'mixed';

export interface PublisherPlan {
  readonly tenantId: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly signalTimeframes: readonly Timeframe[];
  readonly habit: Habit;
}

type Sending =
  | { readonly kind: 'bars'; readonly bars: readonly Bar[] }
  | { readonly kind: 'quotes'; readonly quotes: readonly Quote[] };

/** A message without an answer for this long is sent again. */
const ANSWER_MS = 5_000;
const RETRY_MS = 1_000;

/**
 * A client with a market of its own. Sends a message after the other, again until it is answered; some come late, twice,
 * changed, or with times in another unit. What was acknowledged must be durable.
 */
export class Publisher {
  readonly plan: PublisherPlan;
  readonly instrument: string;
  readonly #world: World;
  readonly #random: Random;
  readonly #lengthMs: number;
  #price = 1 + Math.fround(0.1);
  #next: number;
  #before: Sending | undefined;
  /** Time since which it is told that the journal is full. */
  #fullSince: number | undefined;
  acknowledged = 0;
  refused = 0;

  constructor(world: World, plan: PublisherPlan, random: Random) {
    this.#world = world;
    this.plan = plan;
    this.#random = random;
    this.instrument = instrumentId(PUBLISHED_FEED, plan.tenantId, plan.symbol);
    this.#lengthMs = timeframeMs(plan.timeframe);
    this.#next = Math.ceil(world.time.now / this.#lengthMs) * this.#lengthMs;
  }

  /** Sends what became known by now, one period after the other, for ever. */
  async run(): Promise<void> {
    for (;;) {
      await this.#world.until(this.#next + this.#lengthMs + this.#random.below(2_000));
      const sending = this.#period();
      this.#next += this.#lengthMs * (this.#random.next() < 0.01 ? 1 + this.#random.below(60) : 1);
      await this.#deliver(this.#disturb(sending));
      if (this.#random.next() < 0.04 && this.#before !== undefined) await this.#deliver(this.#before);
      this.#before = sending;
    }
  }

  #period(): Sending {
    const random = this.#random;
    const open = this.#price;
    this.#price = open * (1 + (random.next() - 0.5) * 2e-3);
    const { habit } = this.plan;
    if (habit === 'bars' || (habit === 'mixed' && random.next() < 0.5)) {
      const close = this.#price;
      const high = Math.max(open, close) * (1 + random.next() * 1e-4);
      const low = Math.min(open, close) * (1 - random.next() * 1e-4);
      const rest = { volume: 100 + random.below(900), tickCount: NaN, bid: close, ask: close * 1.0001 };
      return { kind: 'bars', bars: [{ openTime: this.#next, open, high, low, close, ...rest }] };
    }
    const quotes = Array.from({ length: 2 + random.below(4) }, () => {
      const bid = open + (this.#price - open) * random.next();
      const ts = this.#next + random.below(this.#lengthMs);
      return { ts, bid, ask: bid * 1.0001, bidSize: NaN, askSize: NaN };
    });
    return { kind: 'quotes', quotes: quotes.sort((a, b) => a.ts - b.ts) };
  }

  /** Some messages begin with what is old or wrong. */
  #disturb(sending: Sending): Sending {
    const chance = this.#random.next();
    if (chance > 0.12) return sending;
    const wrongTime = (ts: number): number =>
      [Math.floor(ts / 1_000), ts * 1_000, ts + 40 * 86_400_000][this.#random.below(3)]!;
    if (sending.kind === 'bars') {
      const [bar] = sending.bars;
      const other: Bar =
        chance < 0.04
          ? { ...bar!, openTime: wrongTime(bar!.openTime) }
          : chance < 0.08
            ? { ...bar!, openTime: bar!.openTime - this.#lengthMs * (1 + this.#random.below(5)) }
            : { ...bar!, close: NaN };
      return { kind: 'bars', bars: [other, ...sending.bars] };
    }
    const [quote] = sending.quotes;
    const other: Quote =
      chance < 0.06
        ? { ...quote!, ts: wrongTime(quote!.ts) }
        : { ...quote!, ts: quote!.ts - this.#lengthMs * this.#random.below(4) };
    return { kind: 'quotes', quotes: [other, ...sending.quotes] };
  }

  async #deliver(sending: Sending): Promise<void> {
    for (;;) {
      const answer = await this.#world.answer(async (engine) => {
        const { tenantId, symbol, timeframe, signalTimeframes } = this.plan;
        const common = { tenantId, symbol, signalTimeframes };
        return sending.kind === 'bars'
          ? await engine.intake.publishBars({ ...common, timeframe, bars: sending.bars })
          : await engine.intake.publishQuotes({ ...common, quotes: sending.quotes });
      }, ANSWER_MS);
      if (answer.kind === 'answered') {
        this.#fullSince = undefined;
        this.#check(sending, answer.value);
        return;
      }
      if (answer.kind === 'failed') await this.#refusal(answer.error);
    }
  }

  /** Tells refusals that pass from those that must not be. */
  async #refusal(error: unknown): Promise<void> {
    assert.ok(error instanceof SuhoError, `${this.instrument}: ${String(error)}`);
    this.refused++;
    const { now } = this.#world.time;
    if (error.code === 'JOURNAL_FULL') {
      this.#fullSince ??= Math.max(now, this.#world.roomSince);
      const since = Math.max(this.#fullSince, this.#world.roomSince);
      assert.ok(
        now - since < 60_000,
        `the journal has been full for ${now - since} ms with every store well`,
      );
    } else {
      this.#fullSince = undefined;
      assert.ok(
        ['OVERLOADED', 'INSTRUMENT_FAILED', 'STOPPING', 'STORE_UNAVAILABLE'].includes(error.code),
        `${this.instrument}: ${error.code} ${error.message}`,
      );
    }
    await this.#world.until(now + RETRY_MS + this.#random.below(RETRY_MS));
  }

  #check(sending: Sending, result: IntakeResult): void {
    const count = sending.kind === 'bars' ? sending.bars.length : sending.quotes.length;
    const left = new Set([...result.skipped, ...result.rejected].map(({ index }) => index));
    assert.equal(result.accepted + left.size, count, 'each row has one answer');
    this.acknowledged += result.accepted;
    this.#world.record.note(`ack ${this.instrument} ${JSON.stringify(result)}`);
    if (sending.kind !== 'bars') return;
    sending.bars.forEach((bar, index) => {
      const reason = result.skipped.find((skipped) => skipped.index === index)?.reason;
      if (left.has(index) && reason !== 'duplicate') return;
      const durable = this.#world.record.hasBar(this.instrument, bar.openTime);
      assert.ok(durable || reason === 'duplicate', `bar ${bar.openTime} was acknowledged and is not durable`);
    });
  }
}
