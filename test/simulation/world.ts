import { strict as assert } from 'node:assert';
import { inspect, isDeepStrictEqual } from 'node:util';
import { pack } from 'msgpackr';
import type { Effect, Message } from '../../actors/messages.js';
import type { Actor } from '../../actors/runtime/actor.js';
import { decodeSnapshot } from '../../actors/runtime/snapshot.js';
import type { StoredRow } from '../../engine/journal/records.js';
import { SuhoError } from '../../engine/errors.js';
import { Random } from '../../engine/learning/random.js';
import { DurableRecord } from './durable-record.js';
import { SimulatedEngine, type Outside } from './engine.js';
import { MemoryDisk } from './memory-store.js';
import { FeatureContents, PredictionContents } from './stores.js';
import { VirtualTime } from './virtual-time.js';

/** What became of something asked of the engine. */
export type Answer<T> =
  | { readonly kind: 'answered'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  /** The process died, or said nothing for too long. */
  | { readonly kind: 'silence' };

const BYTES_MAX = 3_500_000;
const DAY = 86_400_000;

/** Everything around the engine that outlives it, and the record it is held against. */
export class World {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly record = new DurableRecord();
  readonly outside: Outside;
  /** Time since which the journal could make room: all stores are well and no checkpoint holds the clock. */
  roomSince: number;
  /** Actors that throw at every message, by id. */
  readonly poisoned = new Set<string>();
  /** Times that some actor will throw at a message that it would have handled. Three in a row would be given up. */
  throwsLeft = 0;
  crashes = 0;
  readonly #starts: ((engine: SimulatedEngine) => void)[] = [];
  #engine: SimulatedEngine;
  #paused: (() => void)[] | undefined;
  #violation: unknown;
  /** Rows that were compared; a late label may store one again. */
  readonly #verified = new Set<string>();
  #starting: Promise<void> | undefined;

  constructor(seed: number, start: number) {
    this.time = new VirtualTime(start);
    this.random = new Random(seed);
    this.roomSince = start;
    const chance = new Random(seed + 1);
    this.outside = {
      disk: new MemoryDisk(),
      features: new FeatureContents(),
      predictions: new PredictionContents(),
      featureState: { isAway: false, latencyMs: () => 5 + chance.below(40) },
      predictionState: { isAway: false, latencyMs: () => 5 + chance.below(40) },
      tap: (table, key, value) => this.guard(() => this.record.tap(table, key, value)),
      bytesMax: BYTES_MAX,
      onTrouble: (what) => this.guard(() => assert.fail(what)),
      around: (id, actor) => this.#around(id, actor, chance),
    };
    this.#engine = this.#make();
  }

  get engine(): SimulatedEngine {
    return this.#engine;
  }

  /** Has each engine from now on, when it has started. */
  onStart(listener: (engine: SimulatedEngine) => void): void {
    this.#starts.push(listener);
  }

  /** Keeps the first broken promise; it ends the run. */
  guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#violation ??= error;
    }
  }

  throwViolation(): void {
    if (this.#violation !== undefined) throw this.#violation;
  }

  /** Settles at a time; while a checkpoint is taken, after it. */
  async until(time: number): Promise<void> {
    await new Promise<void>((resolve) => this.time.at(time, resolve));
    while (this.#paused !== undefined) await new Promise<void>((resolve) => this.#paused!.push(resolve));
  }

  /** Asks the engine that runs now; what a process that dies was asked is never answered. */
  async answer<T>(ask: (engine: SimulatedEngine) => Promise<T>, patienceMs: number): Promise<Answer<T>> {
    const silence = new Promise<Answer<T>>((resolve) =>
      this.time.at(this.time.now + patienceMs, () => resolve({ kind: 'silence' })),
    );
    const asked = ask(this.#engine).then(
      (value) => ({ kind: 'answered', value }) as const,
      (error: unknown) => ({ kind: 'failed', error }) as const,
    );
    return await Promise.race([asked, silence]);
  }

  async start(): Promise<void> {
    await this.#engine.start();
    for (const listener of this.#starts) listener(this.#engine);
  }

  /** The process dies at this moment; another starts on what is durable. */
  async crash(): Promise<void> {
    if (this.#starting !== undefined) return await this.#starting;
    this.crashes++;
    this.record.note(`crash ${this.time.now}`);
    this.#engine.clock.kill();
    await this.#restart();
  }

  /** The process is asked to stop, and started again. */
  async restart(): Promise<void> {
    if (this.#starting !== undefined) return await this.#starting;
    const engine = this.#engine;
    const answer = await this.answer(async () => await engine.stop(), 60_000);
    // It may have died instead.
    if (engine !== this.#engine) return;
    this.record.note(`restart ${answer.kind}`);
    engine.clock.kill();
    await this.#restart();
  }

  async #restart(): Promise<void> {
    this.#starting ??= this.#startAnother().finally(() => (this.#starting = undefined));
    await this.#starting;
  }

  async #startAnother(): Promise<void> {
    await new Promise<void>((resolve) => this.time.at(this.time.now + this.random.below(30_000), resolve));
    for (;;) {
      this.poisoned.clear();
      this.outside.disk.isFull = false;
      this.#engine = this.#make();
      try {
        await this.start();
        return;
      } catch (error) {
        // The disk was full while it started.
        if (!(error instanceof SuhoError) || error.code !== 'STORE_UNAVAILABLE') throw error;
        this.#engine.clock.kill();
      }
    }
  }

  #make(): SimulatedEngine {
    const engine = new SimulatedEngine(this.time, this.outside, this.random.below(1e9));
    // An engine that can no longer write ends its process.
    engine.journal.onFailure(
      () =>
        void this.time.at(this.time.now + 10, () => {
          if (engine === this.#engine && engine.clock.isAlive) void this.crash();
        }),
    );
    return engine;
  }

  /**
   * Compares the engine with the run that never broke: lets it finish what it has, while nobody sends anything, then holds
   * all states against the reference's.
   */
  async checkpoint(): Promise<void> {
    this.#paused = [];
    for (;;) {
      const answer = await this.answer(async ({ instruments, journal }) => {
        await instruments.settled();
        await journal.durable();
      }, 120_000);
      // An instrument whose snapshot was refused comes back only when its stored bars can be read.
      this.outside.featureState.isAway = false;
      if (answer.kind === 'answered') break;
      // An engine that cannot write refuses at once, and ends a moment later: time must pass for that.
      await new Promise<void>((resolve) => this.time.at(this.time.now + 1_000, resolve));
    }
    const engine = this.#engine;
    this.guard(() => {
      const states = engine.instruments.graph.states();
      for (const [id, reference] of this.record.instruments) {
        const instrument = engine.instruments.get(id);
        assert.ok(instrument, `${id} is gone`);
        if (instrument.state !== 'live') continue;
        reference.advance();
        for (const [actorId, bytes] of reference.states()) {
          const own = states.get(actorId);
          assert.ok(own, `${actorId} is gone`);
          const difference = Buffer.from(own).equals(bytes) ? undefined : firstDifference(own, bytes);
          assert.equal(
            difference,
            undefined,
            `${actorId} is not as in a run that never broke: ${difference}`,
          );
        }
      }
      this.record.note(`checkpoint ${this.time.now}`);
    });
    const paused = this.#paused;
    this.#paused = undefined;
    this.roomSince = this.time.now;
    for (const resume of paused) resume();
  }

  /** Compares what the stores hold with what the unbroken run made, for bars from before `before`, and forgets both. */
  verifyStores(before: number): void {
    const { rows, signals, outcomes } = this.record.expected;
    const { features, predictions } = this.outside;
    const timeOf = (key: string): number => Number(key.slice(key.lastIndexOf('|') + 1));
    for (const [key, packed] of rows) {
      if (timeOf(key) >= before) continue;
      const stored = features.rows.get(key);
      const refused = FeatureContents.isRefused(key, timeOf(key));
      assert.equal(
        stored !== undefined,
        !refused,
        `row ${key} is ${refused ? 'stored although refused' : 'not stored'}`,
      );
      if (stored !== undefined) {
        const difference = differenceOf(stored, packed);
        assert.equal(difference, undefined, `row ${key} is stored differently: ${difference}`);
      }
      rows.delete(key);
      features.rows.delete(key);
      this.#verified.add(key);
    }
    for (const [id, signal] of signals) {
      if (signal.barCloseTime >= before) continue;
      const stored = predictions.signals.get(id);
      assert.ok(stored, `signal ${id} is not stored`);
      assert.ok(Buffer.from(pack(stored)).equals(pack(signal)), `signal ${id} is stored differently`);
      for (const horizon of ['1h', '4h', '1d']) {
        const key = `${id}|${horizon}`;
        assert.equal(predictions.outcomes.get(key), outcomes.get(key), `outcome ${key}`);
        outcomes.delete(key);
        predictions.outcomes.delete(key);
      }
      signals.delete(id);
      predictions.signals.delete(id);
    }
    for (const key of features.rows.keys())
      assert.ok(rows.has(key) || this.#verified.has(key), `row ${key} is stored and was never made`);
    for (const id of predictions.signals.keys())
      assert.ok(signals.has(id), `signal ${id} is stored and was never made`);
    this.record.forgetBefore(before - 2 * DAY);
  }

  #around(id: string, actor: Actor<Message, Effect>, chance: Random): Actor<Message, Effect> {
    return {
      receive: (message, context) => {
        if (this.poisoned.has(id)) throw thrown('poisoned');
        const at = this.throwsLeft > 0 && chance.next() < 0.01 ? chance.next() : 1;
        if (at < 1) this.throwsLeft--;
        if (at < 0.5) throw thrown('thrown before the message was handled');
        actor.receive(message, context);
        if (at < 1) throw thrown('thrown after the message was handled');
      },
    };
  }
}

/** An error whose dead letter is the same wherever the files of this repository are. */
function thrown(message: string): Error {
  return Object.assign(new Error(message), { stack: `Error: ${message}` });
}

/** The first part in which a stored row is another than the expected one. */
function differenceOf(stored: StoredRow, expected: StoredRow): string | undefined {
  const parts = ['bar', 'qualityScore', 'qualityFlags', 'values', 'labels'] as const;
  const part = parts.find((name) => !isDeepStrictEqual(stored[name], expected[name]));
  return part === undefined ? undefined : `${part} ${inspect(stored[part])} for ${inspect(expected[part])}`;
}

/** The first number in which two snapshots differ. */
function firstDifference(own: Uint8Array, expected: Uint8Array): string {
  const [a, b] = [own, expected].map((bytes) => decodeSnapshot(bytes, layoutOf(bytes)).numbers);
  const at = a!.findIndex((x, i) => !Object.is(x, b![i]));
  return at < 0 ? 'their headers differ' : `number ${at} is ${a![at]} for ${b![at]}`;
}

function layoutOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('latin1');
  return /"layout":"([^"]+)"/.exec(text)?.[1] ?? '';
}
