// The sink's loop over a journal, a store and a clock that the test holds in its hands.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pino } from 'pino';
import { SuhoError } from '../../engine/errors.js';
import { Journal } from '../../engine/journal/journal.js';
import type { PredictionEvent } from '../../engine/journal/records.js';
import { predictionTarget } from '../../engine/sinks/prediction-target.js';
import { Sink, type SinkStatus, type SinkTarget } from '../../engine/sinks/sink.js';
import { MemoryDisk, MemoryStore } from '../simulation/memory-store.js';
import { VirtualClock } from '../support/virtual-clock.js';

const NO_LATENCY = { commitMs: () => 0, answerMs: () => 0 };

function memoryStore(): MemoryStore {
  return new MemoryStore(new MemoryDisk(), { after: async () => undefined }, NO_LATENCY, () => undefined);
}

/** Outcomes in a journal, each about the bar of its number. */
class NumberLog {
  readonly journal: Journal;
  /** Called when a read has taken what there is, before it answers. */
  afterRead: () => void = () => undefined;

  constructor(clock: VirtualClock, bytesMax: number) {
    this.journal = new Journal(memoryStore(), bytesMax, clock);
  }

  append(...values: readonly number[]): void {
    for (const closeTime of values) {
      const label = { closeTime, horizon: 0, direction: 1, return: 0, maxGain: 0, maxLoss: 0, barrier: 0 };
      this.journal.predictions.appendOutcome({ actorId: 'a', tenantId: 'acme' }, `n${closeTime}`, {
        ...label,
        resolvedAt: 1,
      });
    }
    // Committed at once, as a signal is.
    void this.journal.durable();
  }

  get offset(): number {
    return this.journal.readers.offset('predictions');
  }

  /** What the letters are about, oldest first. */
  get letters(): string[] {
    return this.journal.deadLetters.list().map(({ about }) => about);
  }
}

function numberOf(event: PredictionEvent): number {
  assert.equal(event.kind, 'outcome');
  return event.kind === 'outcome' ? event.label.closeTime : NaN;
}

/** A store of numbers that can be away, slow, or refuse some of them; a batch goes in whole or not at all. */
class NumberStore {
  readonly held = new Set<number>();
  readonly order: number[] = [];
  writes = 0;
  away: string | undefined;
  refuses: (value: number) => boolean = () => false;
  delay: () => Promise<void> = async () => undefined;

  async write(values: readonly number[]): Promise<void> {
    this.writes++;
    await this.delay();
    if (this.away !== undefined) throw new SuhoError('STORE_UNAVAILABLE', this.away);
    const refused = values.find((value) => this.refuses(value));
    if (refused !== undefined) throw new SuhoError('RECORD_REFUSED', `${refused} is out of range`);
    for (const value of values) {
      if (!this.held.has(value)) this.order.push(value);
      this.held.add(value);
    }
  }
}

function sinkOf(
  batch = 100,
  settings: Partial<SinkTarget<PredictionEvent>> = {},
  journalBytes = Infinity,
): { clock: VirtualClock; log: NumberLog; store: NumberStore; sink: Sink<PredictionEvent> } {
  const clock = new VirtualClock();
  const log = new NumberLog(clock, journalBytes);
  const store = new NumberStore();
  const target = predictionTarget(log.journal, {
    write: async (events) => await store.write(events.map(numberOf)),
  });
  // The longest delays there can be, so that they can be counted.
  const random = (): number => 1 - Number.EPSILON;
  const sink = new Sink(
    { journal: log.journal, clock, log: pino({ level: 'silent' }), random },
    {
      ...target,
      batch,
      read: async (offset, limit) => {
        const page = await target.read(offset, limit);
        log.afterRead();
        return page;
      },
      ...settings,
    },
  );
  return { clock, log, store, sink };
}

const status = ({ healthy, lagRows, lagSeconds, deadLetters }: SinkStatus): unknown[] => [
  healthy,
  lagRows,
  lagSeconds,
  deadLetters,
];

test('whatever records a store refuses, each becomes a dead letter and all others are written, in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { minLength: 1, maxLength: 300 }),
      fc.integer({ min: 1, max: 120 }),
      async (bad, batch) => {
        const { clock, log, store, sink } = sinkOf(batch);
        store.refuses = (value) => bad[value] === true;
        log.append(...bad.keys());
        sink.start();
        await clock.advance(60_000);
        const good = [...bad.keys()].filter((value) => !bad[value]);
        assert.deepEqual(store.order, good);
        assert.deepEqual(
          log.letters,
          [...bad.keys()].filter((value) => bad[value]).map((value) => `n${value}`),
        );
        assert.deepEqual(status(sink.status()), [true, 0, 0, bad.length - good.length]);
        assert.equal(sink.status().written, good.length);
        assert.equal(log.offset, bad.length);
        await sink.stop();
      },
    ),
    { numRuns: 50 },
  );
});

test('one refused record of a thousand is found in some twenty writes, and its letter says whose it is and why', async () => {
  const { clock, log, store, sink } = sinkOf(1_000);
  store.refuses = (value) => value === 617;
  log.append(...Array.from({ length: 1_000 }, (_, i) => i));
  sink.start();
  await clock.advance(10);
  assert.ok(store.writes <= 2 * Math.ceil(Math.log2(1_000)) + 1, `${store.writes} writes`);
  const [letter, ...others] = log.journal.deadLetters.list();
  assert.deepEqual(others, []);
  const { source, name, tenantId, about, error, record } = letter!;
  assert.deepEqual(
    [source, name, tenantId, about, error],
    ['sink', 'predictions', 'acme', 'n617', '617 is out of range'],
  );
  assert.equal(numberOf(record as PredictionEvent), 617);
  await sink.stop();
});

test('a dead letter is written again once its store takes it', async () => {
  const { clock, log, store, sink } = sinkOf();
  store.refuses = (value) => value === 7;
  log.append(5, 7, 9);
  sink.start();
  await clock.advance(10);
  const [letter] = log.journal.deadLetters.list();
  assert.equal(await sink.retry(letter!.record), false);
  store.refuses = () => false;
  store.away = 'connection refused';
  await assert.rejects(sink.retry(letter!.record), /connection refused/);
  store.away = undefined;
  assert.deepEqual(store.order, [5, 9]);
  assert.equal(await sink.retry(letter!.record), true);
  assert.deepEqual(store.order, [5, 9, 7]);
  assert.equal(sink.status().deadLetters, 1, 'it stays until it is removed');
  log.journal.deadLetters.remove(letter!.key);
  await log.journal.durable();
  assert.equal(sink.status().deadLetters, 0);
  assert.deepEqual(log.letters, []);
  await sink.stop();
});

test('a store that goes away in the middle of the search keeps no letter twice and loses nothing', async () => {
  const { clock, log, store, sink } = sinkOf(64);
  store.refuses = (value) => value % 10 === 3;
  log.append(...Array.from({ length: 64 }, (_, i) => i));
  store.delay = async () => {
    store.away = store.writes % 5 === 0 && store.writes < 20 ? 'gone for a moment' : undefined;
  };
  sink.start();
  await clock.advance(120_000);
  assert.deepEqual(store.held.size, 64 - 7);
  assert.deepEqual(log.letters, ['n3', 'n13', 'n23', 'n33', 'n43', 'n53', 'n63']);
  await sink.stop();
});

test('lag is the age of the oldest record not written: nought when all is, growing while the store is away', async () => {
  const { clock, log, store, sink } = sinkOf();
  sink.start();
  await clock.advance(100_000);
  assert.deepEqual(status(sink.status()), [true, 0, 0, 0]);
  store.away = 'password authentication failed';
  log.append(1, 2);
  await clock.advance(7_000);
  log.append(3);
  await clock.advance(5_000);
  assert.deepEqual(status(sink.status()), [false, 3, 12, 0]);
  assert.equal(sink.status().error, 'password authentication failed');
  store.away = undefined;
  await clock.advance(30_000);
  assert.deepEqual(status(sink.status()), [true, 0, 0, 0]);
  assert.deepEqual(store.order, [1, 2, 3]);
  await sink.stop();
});

test('a slow store is seen to fall behind while it is healthy', async () => {
  const { clock, log, store, sink } = sinkOf(10);
  store.delay = async () => {
    await new Promise<void>((resolve) => clock.setTimeout(resolve, 1_000));
  };
  sink.start();
  for (let second = 0; second < 60; second++) {
    log.append(...Array.from({ length: 20 }, (_, i) => second * 20 + i));
    await clock.advance(1_000);
  }
  const { healthy, lagRows, lagSeconds } = sink.status();
  assert.ok(healthy && lagRows >= 580 && lagSeconds >= 28, JSON.stringify(sink.status()));
  await Promise.all([sink.stop(), clock.advance(60_000)]);
});

test('a store that is away is asked ever less often, every thirty seconds at last', async () => {
  const { clock, log, store, sink } = sinkOf();
  store.away = 'connection refused';
  log.append(1);
  sink.start();
  await clock.advance(60_000);
  const before = store.writes;
  await clock.advance(300_000);
  assert.equal(store.writes - before, 10);
  log.append(2);
  await clock.advance(1);
  assert.equal(store.writes - before, 10, 'what comes meanwhile hurries nothing');
  await sink.stop();
});

test('a few records gather for two seconds; a sink that does not linger, and one that is waited for, writes at once', async () => {
  const { clock, log, store, sink } = sinkOf();
  sink.start();
  await clock.settle();
  log.append(1);
  await clock.settle();
  log.append(2);
  await clock.advance(1_999);
  assert.deepEqual(store.order, [1]);
  await clock.advance(1);
  assert.deepEqual(store.order, [1, 2]);
  log.append(3);
  await sink.caughtUp();
  assert.deepEqual(store.order, [1, 2, 3]);
  await sink.stop();
  const prompt = sinkOf(100, { lingerMs: 0 });
  prompt.sink.start();
  for (let i = 0; i < 5; i++) {
    prompt.log.append(i);
    await prompt.clock.settle();
  }
  assert.deepEqual(prompt.store.order, [0, 1, 2, 3, 4]);
  await prompt.sink.stop();
});

test('nothing gathers for long while the journal needs its room', async () => {
  const { clock, log, store, sink } = sinkOf(100, {}, 1);
  sink.start();
  await clock.settle();
  log.append(1);
  await clock.settle();
  log.append(2);
  await clock.advance(199);
  assert.deepEqual(store.order, [1]);
  await clock.advance(1);
  assert.deepEqual(store.order, [1, 2]);
  await sink.stop();
});

test('what is committed while a read is under way is written without waiting for more', async () => {
  const { clock, log, store, sink } = sinkOf();
  log.afterRead = () => {
    log.afterRead = () => undefined;
    log.append(1);
  };
  sink.start();
  await clock.settle();
  assert.deepEqual(store.order, [1]);
  await sink.stop();
});

test('a sink that is stopped writes what waits, but only as long as it may', async () => {
  const quick = sinkOf(10);
  quick.sink.start();
  await quick.clock.settle();
  quick.log.append(...Array.from({ length: 95 }, (_, i) => i));
  await quick.log.journal.durable();
  await quick.sink.stop();
  assert.equal(quick.store.held.size, 95);
  assert.equal(quick.log.offset, 95);

  const slow = sinkOf(10);
  slow.store.delay = async () => {
    await new Promise<void>((resolve) => slow.clock.setTimeout(resolve, 1_000));
  };
  slow.sink.start();
  slow.log.append(...Array.from({ length: 95 }, (_, i) => i));
  await slow.log.journal.durable();
  let stopped = false;
  const stopping = slow.sink.stop(4_500).then(() => (stopped = true));
  await slow.clock.advance(4_499);
  assert.equal(stopped, false);
  await slow.clock.advance(1);
  await stopping;
  const offset = slow.log.offset;
  assert.equal(offset, 40);
  await slow.clock.advance(60_000);
  assert.equal(slow.log.offset, offset, 'nothing touches the journal after the stop');

  const away = sinkOf();
  away.store.away = 'connection refused';
  away.sink.start();
  away.log.append(1);
  await away.clock.advance(10_000);
  const waiting = away.sink.caughtUp();
  await away.sink.stop();
  await waiting;
  assert.equal(away.log.offset, 0);
});
