import { strict as assert } from 'node:assert';
import { TIMEFRAMES } from '../../actors/market/timeframe.js';
import { PUBLISHED_FEED } from '../../engine/intake/intake.js';
import { Random } from '../../engine/learning/random.js';
import { planOf, routeOf } from './models.js';
import { Publisher, type PublisherPlan } from './publisher.js';
import { Subscriber } from './subscriber.js';
import { World } from './world.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A Monday, long enough ago that simulated years end before now. */
const START = Date.UTC(2001, 0, 1);

const PLANS: readonly PublisherPlan[] = [
  { tenantId: 'acme', symbol: 'EURUSD', timeframe: '5m', signalTimeframes: ['5m', '1h'], habit: 'quotes' },
  { tenantId: 'acme', symbol: 'GBPUSD', timeframe: '15m', signalTimeframes: ['15m'], habit: 'bars' },
  { tenantId: 'zen', symbol: 'EURUSD', timeframe: '15m', signalTimeframes: ['15m', '4h'], habit: 'bars' },
  { tenantId: 'zen', symbol: 'XAUUSD', timeframe: '5m', signalTimeframes: ['5m'], habit: 'mixed' },
  { tenantId: 'zen', symbol: 'QUIET', timeframe: '4h', signalTimeframes: ['4h'], habit: 'bars' },
];

/** What a run saw. */
export interface SimulationReport {
  readonly hours: number;
  readonly seed: number;
  readonly fingerprint: string;
  readonly crashes: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly signals: number;
  readonly received: number;
  readonly overflows: number;
  readonly purged: number;
  readonly trades: number;
  readonly deadLetters: number;
  readonly bytesMax: number;
  readonly events: Readonly<Record<string, number>>;
}

/** One seeded run: clients, faults and checkpoints against the real rooms, for simulated hours. */
export class Simulation {
  readonly #world: World;
  readonly #seed: number;
  readonly #random: Random;
  readonly #publishers: Publisher[];
  readonly #subscribers: Subscriber[];
  readonly #events: Record<string, number> = {};
  #isFinished = false;
  #version = 0;
  #bytesMax = 0;
  #trades = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#world = new World(seed, START);
    this.#random = new Random(seed + 2);
    this.#publishers = PLANS.map((plan, i) => new Publisher(this.#world, plan, new Random(seed + 10 + i)));
    this.#subscribers = ['acme', 'zen'].flatMap((tenant, i) =>
      [false, true].map(
        (conflate, k) => new Subscriber(this.#world, tenant, conflate, new Random(seed + 30 + i * 2 + k)),
      ),
    );
    this.#world.onStart((engine) => {
      for (const subscriber of this.#subscribers) subscriber.connect(engine);
    });
  }

  /** Runs; throws at the first broken promise, with the simulated time and the seed. */
  async run(hours: number): Promise<SimulationReport> {
    const world = this.#world;
    const end = START + hours * HOUR;
    const script = this.#script(end);
    script.catch(() => undefined).finally(() => (this.#isFinished = true));
    while (!this.#isFinished) {
      await world.time.runUntil(world.time.now + 60_000);
      this.#look();
      world.throwViolation();
    }
    await script;
    world.throwViolation();
    return this.#report(hours);
  }

  async #script(end: number): Promise<void> {
    const world = this.#world;
    await world.start();
    for (const publisher of this.#publishers)
      publisher.run().catch((error: unknown) => world.guard(() => assert.fail(error as Error)));
    void this.#tick();
    let nextCheck = START + 12 * HOUR;
    while (world.time.now < end) {
      await world.until(world.time.now + 60_000 * (5 + this.#random.below(60)));
      await this.#event();
      if (world.time.now < nextCheck) continue;
      nextCheck = world.time.now + 12 * HOUR;
      await this.#verify();
    }
    await this.#verify();
  }

  /** All stores well, everything written: then the stores hold what the unbroken run made. */
  async #verify(): Promise<void> {
    const world = this.#world;
    this.#heal();
    if ([...world.engine.instruments.all()].some(({ state }) => state === 'failed')) await world.restart();
    await world.until(world.time.now + 120_000);
    await world.checkpoint();
    const answer = await world.answer(
      async ({ sinks }) => await Promise.all(sinks.map(async (sink) => await sink.caughtUp())),
      600_000,
    );
    if (answer.kind !== 'answered') return;
    world.guard(() => world.verifyStores(world.time.now - 2 * DAY));
  }

  /** Tells the engine the time, at any moment. */
  async #tick(): Promise<void> {
    const world = this.#world;
    for (;;) {
      await world.until(world.time.now + 1_000 + this.#random.below(60_000));
      world.guard(() => world.engine.intake.tick(PUBLISHED_FEED, Math.floor(world.time.now), 300_000));
    }
  }

  async #event(): Promise<void> {
    const events: readonly (readonly [string, () => Promise<void> | void])[] = [
      ['crash', async () => await this.#crash()],
      ['crash', async () => await this.#crash()],
      ['restart', async () => await this.#world.restart()],
      ['feature store away', () => this.#away(this.#world.outside.featureState)],
      ['prediction store away', () => this.#away(this.#world.outside.predictionState)],
      ['stores back', () => this.#heal()],
      ['disk full', () => this.#fillDisk()],
      ['an actor throws', () => void (this.#world.throwsLeft = 1)],
      ['actors throw', () => void (this.#world.throwsLeft = 2)],
      ['poisoned series', () => this.#poison()],
      ['damaged snapshot', async () => await this.#damage()],
      ['training ends', async () => await this.#train()],
      ['training ends', async () => await this.#train()],
      ['timeframe followed', async () => await this.#follow()],
      ['fold', () => this.#world.engine.instruments.fold()],
      ['trade', async () => await this.#trade()],
    ];
    const [name, run] = events[this.#random.below(events.length)]!;
    this.#events[name] = (this.#events[name] ?? 0) + 1;
    this.#world.record.note(`event ${name}`);
    await run();
  }

  async #crash(): Promise<void> {
    await this.#world.crash();
    await this.#world.until(this.#world.time.now + this.#random.below(120_000));
    await this.#world.checkpoint();
  }

  #away(state: { isAway: boolean }): void {
    state.isAway = true;
    this.#world.roomSince = Infinity;
  }

  #heal(): void {
    const { featureState, predictionState } = this.#world.outside;
    featureState.isAway = false;
    predictionState.isAway = false;
    this.#world.throwsLeft = 0;
    this.#world.poisoned.clear();
    this.#world.roomSince = this.#world.time.now + 40_000;
  }

  #fillDisk(): void {
    this.#world.outside.disk.isFull = true;
  }

  #poison(): void {
    const instruments = [...this.#world.engine.instruments.all()];
    const instrument = instruments[this.#random.below(instruments.length)];
    if (instrument !== undefined) this.#world.poisoned.add(instrument.base);
  }

  /** A crash after which the series states of one instrument cannot be read. */
  async #damage(): Promise<void> {
    const world = this.#world;
    world.engine.clock.kill();
    // The store never refuses a row of theirs, so all their bars can be read back.
    const damaged = ['acme@published/GBPUSD', 'acme@published/EURUSD'][this.#random.below(2)]!;
    const parts = world.outside.disk.tables.get('snapshots');
    for (const [key] of parts?.entries([damaged, '']) ?? []) {
      const [instrument, actorId] = key as [string, string];
      if (instrument !== damaged || actorId.startsWith('signal:')) break;
      world.outside.disk.damage('snapshots', key, Buffer.from('damaged'));
    }
    world.outside.featureState.isAway = this.#random.next() < 0.3;
    await world.crash();
    await world.until(world.time.now + 60_000);
    this.#heal();
    await world.until(world.time.now + 60_000);
    await world.checkpoint();
  }

  async #train(): Promise<void> {
    const { tenantId, symbol } = PLANS[this.#random.below(PLANS.length)]!;
    const version = ++this.#version;
    const route = this.#random.next() < 0.5 ? planOf(version) : routeOf(version);
    const instrument = this.#world.engine.instruments.get(`${tenantId}@${PUBLISHED_FEED}/${symbol}`);
    const followed = TIMEFRAMES.filter((timeframe) => instrument?.follows(tenantId, timeframe) === true);
    if (instrument === undefined || followed.length === 0) return;
    const timeframe = followed[this.#random.below(followed.length)]!;
    await this.#world.answer(
      async ({ instruments }) => await instruments.setRoute(instrument, tenantId, timeframe, route),
      30_000,
    );
  }

  async #follow(): Promise<void> {
    const { tenantId, symbol, timeframe: base } = PLANS[this.#random.below(PLANS.length)]!;
    const timeframe = (['1h', '4h', '1d'] as const)[this.#random.below(3)]!;
    await this.#world.answer(
      async ({ instruments }) =>
        await instruments.follow({
          feed: PUBLISHED_FEED,
          owner: tenantId,
          symbol,
          base,
          tenantId,
          timeframe,
        }),
      10_000,
    );
  }

  /** Reports a trade on a signal of the last days, sometimes twice; it must be stored once. */
  async #trade(): Promise<void> {
    const world = this.#world;
    const signals = [...world.outside.predictions.signals.values()];
    const signal = signals[this.#random.below(Math.max(1, signals.length))];
    if (signal === undefined) return;
    const report = {
      tradeId: `t${this.#trades++}`,
      predictionId: signal.predictionId,
      side: 'LONG',
      quantity: 1,
      entryTime: signal.barCloseTime + 1_000,
      entryPrice: 1.1,
      exitTime: signal.barCloseTime + 2_000,
      exitPrice: 1.2,
    };
    for (let i = 0; i < 2; i++) {
      const answer = await world.answer(
        async ({ feedback }) => await feedback.report(signal.tenantId, undefined, report),
        10_000,
      );
      if (answer.kind === 'answered') world.record.note(`trade ${answer.value.answer}`);
    }
  }

  #look(): void {
    const { bytes, bytesMax } = this.#world.engine.journal.stats();
    this.#bytesMax = Math.max(this.#bytesMax, bytes);
    this.#world.guard(() =>
      assert.ok(bytes < bytesMax * 1.5, `the journal holds ${bytes} of ${bytesMax} bytes`),
    );
  }

  #report(hours: number): SimulationReport {
    const { record, engine, crashes } = this.#world;
    const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
    return {
      hours,
      seed: this.#seed,
      fingerprint: record.fingerprint,
      crashes,
      acknowledged: sum(this.#publishers.map(({ acknowledged }) => acknowledged)),
      refused: sum(this.#publishers.map(({ refused }) => refused)),
      signals: record.signals.length,
      received: sum(this.#subscribers.map(({ received }) => received)),
      overflows: sum(this.#subscribers.map(({ overflows }) => overflows)),
      purged: sum(this.#subscribers.map(({ purged }) => purged)),
      trades: this.#world.outside.predictions.trades.size,
      deadLetters: engine.journal.deadLetters.size,
      bytesMax: this.#bytesMax,
      events: this.#events,
    };
  }
}

/** Runs a seed; the error of a broken promise says which. */
export async function simulate(hours: number, seed: number): Promise<SimulationReport> {
  try {
    return await new Simulation(seed).run(hours);
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
