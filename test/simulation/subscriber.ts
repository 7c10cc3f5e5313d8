import { strict as assert } from 'node:assert';
import type { Random } from '../../engine/learning/random.js';
import { Subscription } from '../../engine/publication/subscription.js';
import { encodeSequence, type SimulatedEngine } from './engine.js';
import type { World } from './world.js';

/** Clients stay away for up to this long: meanwhile the journal drops what they would resume from. */
const AWAY_MS_MAX = 5 * 86_400_000;

/** A client of the signal stream: sometimes slow or away, cut off by every crash, resuming where it was. */
export class Subscriber {
  readonly #world: World;
  readonly #tenantId: string;
  readonly #conflate: boolean;
  readonly #random: Random;
  #cursor = 0;
  /** Place among the durable signals of what it must get next. */
  #expected = 0;
  received = 0;
  overflows = 0;
  /** Times that it resumed from what the journal no longer held. */
  purged = 0;
  #awayUntil = 0;

  constructor(world: World, tenantId: string, conflate: boolean, random: Random) {
    this.#world = world;
    this.#tenantId = tenantId;
    this.#conflate = conflate;
    this.#random = random;
  }

  /** Subscribes to an engine, from where it was. */
  connect(engine: SimulatedEngine): void {
    const { now } = this.#world.time;
    if (this.#awayUntil < now && this.#random.next() < 0.003)
      this.#awayUntil = now + this.#random.below(AWAY_MS_MAX);
    if (this.#awayUntil > now) engine.clock.setTimeout(() => this.#subscribe(engine), this.#awayUntil - now);
    else this.#subscribe(engine);
  }

  #subscribe(engine: SimulatedEngine): void {
    const { conclusions } = engine.journal.predictions;
    const none: ReadonlySet<string> = new Set();
    const subscription = new Subscription({
      filter: {
        tenantId: this.#tenantId,
        symbols: none,
        timeframes: none,
        onlyActionable: false,
        isFor: () => true,
      },
      outlet: {
        write: (bytes) => {
          this.#take(bytes);
          if (this.#random.next() < 0.01) {
            // Its connection breaks; it comes back at once, while signals are being made.
            engine.hub.remove(subscription);
            engine.clock.setTimeout(() => this.connect(engine), this.#random.below(20));
            return true;
          }
          if (this.#random.next() > 0.05) return true;
          engine.clock.setTimeout(() => engine.hub.resume(subscription), this.#random.below(20_000));
          return false;
        },
        end: (reason) => {
          engine.hub.remove(subscription);
          if (reason.kind === 'purged') this.#skipThrough(reason.through);
          else this.overflows++;
          engine.clock.setTimeout(() => this.connect(engine), 1_000);
        },
      },
      retained: {
        after: (sequence, limit) => conclusions.after(sequence, limit),
        purgedThrough: () => conclusions.purgedThrough,
        lastSequence: () => conclusions.newest,
      },
      encode: encodeSequence,
      conflate: this.#conflate,
      queueMax: 20,
      resumeAfter: this.#cursor,
    });
    engine.hub.add(subscription);
  }

  #take(bytes: Buffer): void {
    const sequence = bytes.readDoubleLE();
    assert.ok(sequence > this.#cursor, `${this.#tenantId} got ${sequence} after ${this.#cursor}`);
    this.#cursor = sequence;
    this.received++;
    const { signals } = this.#world.record;
    for (; ; this.#expected++) {
      const next = signals[this.#expected];
      assert.ok(next !== undefined, `${this.#tenantId} got ${sequence}, which is not durable`);
      if (next.tenantId !== this.#tenantId) continue;
      if (next.sequence === sequence) break;
      assert.ok(this.#conflate, `${this.#tenantId} missed ${next.sequence} before ${sequence}`);
    }
    this.#expected++;
  }

  #skipThrough(through: number): void {
    this.purged++;
    this.#cursor = Math.max(this.#cursor, through);
    const { signals } = this.#world.record;
    while ((signals[this.#expected]?.sequence ?? Infinity) <= through) this.#expected++;
  }
}
