import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Signal } from '../../actors/signals/signal.js';
import { SignalHub } from '../../engine/publication/signal-hub.js';
import {
  Subscription,
  type PublishedSignal,
  type RetainedSignals,
  type SubscriptionEnd,
} from '../../engine/publication/subscription.js';

const SYMBOLS = ['EURUSD', 'GBPUSD', 'USDJPY'];

function signalOf(sequence: number): Signal {
  return {
    tenantId: 'acme',
    symbol: SYMBOLS[sequence % SYMBOLS.length],
    timeframe: '1h',
    abstained: [],
  } as unknown as Signal;
}

const ACTOR = 'signal:acme:market/EURUSD/1h';

/** What a journal would hold: every fourth bar got no signal. */
class Kept implements RetainedSignals {
  readonly entries: ReturnType<RetainedSignals['after']>[number][] = [];
  readonly reads: number[] = [];
  purged = 0;

  append(): PublishedSignal | undefined {
    const sequence = this.lastSequence() + 1;
    const signal = sequence % 4 === 0 ? undefined : signalOf(sequence);
    this.entries.push({ sequence, actorId: ACTOR, signal });
    return signal === undefined ? undefined : { sequence, actorId: ACTOR, signal };
  }

  after(sequence: number, limit: number) {
    this.reads.push(sequence);
    return this.entries.filter((entry) => entry.sequence > Math.max(sequence, this.purged)).slice(0, limit);
  }

  purgedThrough(): number {
    return this.purged;
  }

  lastSequence(): number {
    return this.entries.length;
  }
}

interface Reader {
  readonly sequences: number[];
  readonly skips: number[];
  readonly ends: SubscriptionEnd[];
  readonly subscription: Subscription;
  /** Writes it takes before it says that it is full. */
  room: number;
}

/** A hub whose turns are run by the test. */
class World {
  readonly kept = new Kept();
  readonly turns: (() => void)[] = [];
  readonly hub = new SignalHub(encode, (turn) => void this.turns.push(turn));

  publish(count: number): void {
    for (let i = 0; i < count; i++) {
      const published = this.kept.append();
      if (published !== undefined) this.hub.publish(published);
    }
  }

  subscribe(options: Partial<ConstructorParameters<typeof Subscription>[0]> & { room?: number }): Reader {
    const sequences: number[] = [];
    const skips: number[] = [];
    const ends: SubscriptionEnd[] = [];
    const subscription = new Subscription({
      filter: {
        tenantId: 'acme',
        symbols: new Set(),
        timeframes: new Set(),
        onlyActionable: false,
        isFor: () => true,
      },
      outlet: {
        write: (update) => {
          sequences.push(update.readUInt32BE(0));
          skips.push(update.length > 4 ? update.readUInt8(5) : 0);
          return --reader.room > 0;
        },
        end: (reason) => {
          ends.push(reason);
          this.hub.remove(subscription);
        },
      },
      retained: this.kept,
      encode,
      conflate: false,
      queueMax: 10,
      resumeAfter: undefined,
      ...options,
    });
    const reader: Reader = { sequences, skips, ends, subscription, room: options.room ?? Infinity };
    this.hub.add(subscription);
    return reader;
  }

  turn(): boolean {
    const turn = this.turns.shift();
    turn?.();
    return turn !== undefined;
  }

  settle(): void {
    for (let i = 0; this.turn(); i++) assert.ok(i < 100_000, 'it never settles');
  }
}

function encode({ sequence }: PublishedSignal): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(sequence);
  return bytes;
}

const wanted = (after: number, through: number): number[] =>
  Array.from({ length: through - after }, (_, i) => after + 1 + i).filter((sequence) => sequence % 4 !== 0);

test('catching up while signals come, readers pause and others catch up: no gap, no repeat, no page read twice', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 150 }) }),
    fc.record({ kind: fc.constant('turn' as const), count: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ kind: fc.constant('room' as const), count: fc.integer({ min: 1, max: 90 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 300 }), (steps, after) => {
      const world = new World();
      world.publish(300);
      const readers = [after, 0, 299].map((resumeAfter) => ({
        resumeAfter,
        reader: world.subscribe({ resumeAfter, queueMax: 100_000, room: 20 }),
      }));
      for (const { kind, count } of steps) {
        if (kind === 'publish') world.publish(count);
        else if (kind === 'turn') for (let i = 0; i < count; i++) world.turn();
        else
          for (const { reader } of readers) {
            if (reader.room > 0) continue;
            reader.room = count;
            world.hub.resume(reader.subscription);
          }
      }
      for (const { reader } of readers) {
        reader.room = Infinity;
        world.hub.resume(reader.subscription);
      }
      world.settle();
      for (const { resumeAfter, reader } of readers)
        assert.deepEqual(reader.sequences, wanted(resumeAfter, world.kept.lastSequence()));
      // Three readers of one log: each read of a place belongs to another reader.
      for (const place of world.kept.reads)
        assert.ok(world.kept.reads.filter((each) => each === place).length <= 3, String(place));
    }),
    { numRuns: 200 },
  );
});

test('one turn looks at no more than a page, however many are behind and however little matches', () => {
  const world = new World();
  world.publish(40_000);
  const nothing = {
    tenantId: 'acme',
    symbols: new Set(['NONE']),
    timeframes: new Set<string>(),
    onlyActionable: false,
    isFor: () => true,
  };
  const readers = Array.from({ length: 5 }, () => world.subscribe({ resumeAfter: 0, filter: nothing }));
  assert.equal(world.kept.reads.length, 0, 'nothing is read before its turn');
  let turns = 0;
  while (world.turn()) {
    turns++;
    assert.ok(world.kept.reads.length <= turns);
  }
  assert.ok(turns >= (5 * 40_000) / 100, `${turns} turns`);
  world.publish(1);
  assert.ok(readers.every(({ sequences }) => sequences.length === 0));
});

test('a reader that keeps all and falls behind is ended with the cursor it can go on from', () => {
  const world = new World();
  const slow = world.subscribe({ room: 3 });
  world.publish(100);
  assert.deepEqual(slow.sequences, [1, 2, 3]);
  assert.deepEqual(slow.ends, [{ kind: 'overflow', cursor: 3 }]);
  const again = world.subscribe({ resumeAfter: 3 });
  world.settle();
  assert.deepEqual([...slow.sequences, ...again.sequences], wanted(0, 100));
});

test('a reader of the latest only gets the newest of each series, and how many were skipped', () => {
  const world = new World();
  const slow = world.subscribe({ room: 1, conflate: true });
  world.publish(100);
  slow.room = Infinity;
  world.hub.resume(slow.subscription);
  assert.deepEqual(slow.ends, []);
  const rest = slow.sequences.slice(1);
  assert.equal(rest.length, SYMBOLS.length);
  assert.deepEqual(new Set(rest.map((sequence) => SYMBOLS[sequence % 3])), new Set(SYMBOLS));
  assert.deepEqual(
    rest,
    [...rest].sort((a, b) => a - b),
  );
  assert.equal(slow.sequences.length + slow.skips.reduce((sum, n) => sum + n, 0), wanted(0, 100).length);
});

test('a reader whose place is purged while it catches up is told so, and has no gap', () => {
  const world = new World();
  world.publish(1_000);
  const slow = world.subscribe({ resumeAfter: 0, room: 5 });
  world.settle();
  world.kept.purged = 900;
  slow.room = Infinity;
  world.hub.resume(slow.subscription);
  world.settle();
  assert.deepEqual(slow.ends, [{ kind: 'purged', through: 900 }]);
  const last = slow.sequences.at(-1)!;
  assert.deepEqual(slow.sequences, wanted(0, last), 'what it read by then is whole');
});
