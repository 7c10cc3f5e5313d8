import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Actor, ActorContext, DeadLetter } from '../../actors/runtime/actor.js';
import { ActorSystem, type ActorSystemOptions } from '../../actors/runtime/actor-system.js';
import { Mailbox } from '../../actors/runtime/mailbox.js';
import { SnapshotError, decodeSnapshot, encodeSnapshot } from '../../actors/runtime/snapshot.js';

/** Adds numbers up; throws on 13. */
class Sum implements Actor<number, string> {
  total = 0;
  receive(message: number, context: ActorContext<number, string>): void {
    if (message === 13) throw new Error('unlucky');
    this.total += message;
    context.emit(`${message}`);
  }
}

/** A system that runs only when told to, on a clock that stands still. */
function makeSystem(options: Partial<ActorSystemOptions<number, string>> = {}): {
  system: ActorSystem<number, string>;
  effects: [string, string][];
  letters: DeadLetter<number>[];
} {
  const effects: [string, string][] = [];
  const letters: DeadLetter<number>[] = [];
  const system = new ActorSystem<number, string>({
    onEffect: (effect, id) => void effects.push([id, effect]),
    onFailure: (letter) => void letters.push(letter),
    schedule: () => undefined,
    now: () => 0,
    ...options,
  });
  return { system, effects, letters };
}

test('a flood of one tenant does not hold up another', () => {
  const { system, effects } = makeSystem();
  for (const [id, tenant] of [
    ['a1', 'a'],
    ['a2', 'a'],
    ['b1', 'b'],
  ] as const)
    system.spawn(id, tenant, new Sum());
  for (let i = 0; i < 1000; i++) system.tell('a1', 1);
  for (let i = 0; i < 1000; i++) system.tell('a2', 1);
  system.tell('b1', 7);
  system.runTurn();
  const at = effects.findIndex(([id]) => id === 'b1');
  assert.ok(at >= 0 && at <= 32, `the other tenant was served after ${at} messages`);
  assert.equal(effects.length, 2001);
});

test('a turn ends in time and what is left runs in the next', () => {
  let clock = 0;
  const { system, effects } = makeSystem({ now: () => clock++, turnMsMax: 3 });
  system.spawn('a', 'a', new Sum());
  for (let i = 0; i < 500; i++) system.tell('a', 1);
  assert.equal(system.runTurn(), true);
  assert.ok(effects.length < 500);
  while (system.runTurn());
  assert.equal(effects.length, 500);
});

test('a full mailbox refuses or drops the oldest, as its policy says, and both are counted', () => {
  const refusing = new Mailbox<number>(2, 'reject');
  assert.deepEqual([refusing.push(1), refusing.push(2), refusing.push(3)], ['taken', 'taken', 'rejected']);
  const dropping = new Mailbox<number>(2, 'drop_oldest');
  assert.deepEqual(
    [dropping.push(1), dropping.push(2), dropping.push(3)],
    ['taken', 'taken', 'dropped_oldest'],
  );
  assert.deepEqual([dropping.shift(), dropping.shift(), dropping.shift()], [2, 3, undefined]);
  const { system } = makeSystem({ mailboxLimit: 3 });
  system.spawn('a', 'a', new Sum());
  const taken = [1, 2, 3, 4].map((n) => system.tell('a', n));
  assert.deepEqual(taken, [true, true, true, false]);
  assert.equal(system.counts().rejected, 1);
});

test('an actor that throws takes no more messages: its owner is told once, with the message and why', () => {
  const { system, effects, letters } = makeSystem();
  system.spawn('a', 'a', new Sum());
  system.spawn('b', 'a', new Sum());
  for (const n of [1, 13, 2, 13]) system.tell('a', n);
  system.tell('b', 5);
  system.runTurn();
  assert.deepEqual(
    effects,
    [
      ['a', '1'],
      ['b', '5'],
    ],
    'the others go on',
  );
  assert.deepEqual(
    letters.map(({ actorId, message }) => [actorId, message]),
    [['a', 13]],
  );
  assert.match(letters[0]!.error, /unlucky/);
  assert.equal(system.isParked('a'), true);
  assert.equal(system.tell('a', 1), false);
  system.runTurn();
  assert.equal(letters.length, 1);
  // What its mailbox held and what came after are counted.
  const { failed, parked, undeliverable, handled, queued } = system.counts();
  assert.deepEqual(
    { failed, parked, undeliverable, handled, queued },
    { failed: 1, parked: 1, undeliverable: 3, handled: 2, queued: 0 },
  );
  assert.equal(system.idle, true);
});

test('an actor that failed is stopped by its owner, and another takes its place', () => {
  const { system, effects, letters } = makeSystem({
    onFailure: ({ actorId }) => {
      letters.length++;
      system.stop(actorId);
      system.spawn(actorId, 'a', new Sum());
      system.tell(actorId, 7);
    },
  });
  system.spawn('a', 'a', new Sum());
  for (const n of [1, 13, 2]) system.tell('a', n);
  while (system.runTurn());
  assert.deepEqual(
    effects.map(([, e]) => e),
    ['1', '7'],
    'what was for the one that failed is not for the next',
  );
  assert.equal(letters.length, 1);
  assert.deepEqual([system.isParked('a'), system.counts().parked, system.counts().failed], [false, 0, 1]);
  assert.equal((system.actor('a') as Sum).total, 7);
  assert.equal(system.tell('a', 1), true);
  system.stop('a');
  assert.deepEqual([system.has('a'), system.counts().undeliverable, system.counts().queued], [false, 2, 0]);
});

test('a snapshot gives the state back bit for bit and is refused when damaged or of another layout', () => {
  const numbers = Float64Array.of(1.5, NaN, -0, Infinity, 5e-324);
  const bytes = encodeSnapshot({ actorId: 'a', layout: 'v1', extra: { versions: ['x'] } }, numbers);
  const back = decodeSnapshot(bytes, 'v1');
  assert.deepEqual(back.numbers, numbers);
  assert.deepEqual(back.header.extra, { versions: ['x'] });
  assert.throws(
    () => decodeSnapshot(bytes, 'v2'),
    (e) => e instanceof SnapshotError && e.code === 'SNAPSHOT_VERSION',
  );
  for (let i = 24; i < bytes.length; i += 7) {
    const damaged = bytes.slice();
    damaged[i]! ^= 1;
    assert.throws(
      () => decodeSnapshot(damaged, 'v1'),
      (e) => e instanceof SnapshotError && e.code === 'SNAPSHOT_CORRUPT',
    );
  }
});
