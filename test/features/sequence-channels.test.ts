import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CHANNELS,
  CHANNEL_COUNT,
  SEQUENCE_BARS,
  SEQUENCE_SIZE,
  SEQUENCE_VERSION,
} from '../../actors/features/sequence-channels.js';
import { FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import type { Bar } from '../../actors/market/bar.js';
import type { Message } from '../../actors/messages.js';
import { decodeSnapshot, encodeSnapshot } from '../../actors/runtime/snapshot.js';
import { SeriesActor } from '../../actors/series-actor.js';
import { SeriesMachine } from '../../actors/series-machine.js';
import type { Route } from '../../actors/signals/route.js';
import { SequenceComparison } from '../../engine/verify-sequences.js';
import { inventedBars } from '../support/markets.js';

const machine = new SeriesMachine('1h', 'bid');

function series(readers: readonly string[] = ['a']): SeriesActor {
  return new SeriesActor('feed/EURUSD/1h', 'EURUSD', machine, {
    longer: [],
    subscribers: ['a'],
    sequenceReaders: new Set(readers),
  });
}

/** The sequences of the rows that an actor makes of bars. */
function sequences(actor: SeriesActor, messages: readonly Message[]): (Float32Array | undefined)[] {
  const found: (Float32Array | undefined)[] = [];
  for (const message of messages)
    actor.receive(message, {
      tell: () => undefined,
      emit: (effect) => void (effect.kind === 'row' && found.push(effect.row.sequence)),
    });
  return found;
}

const asMessages = (bars: readonly Bar[]): Message[] => bars.map((bar) => ({ kind: 'bar', bar }));

test('a sequence holds the channels of the last bars, oldest first, as their formulas say', () => {
  const bars = inventedBars(300, { seed: 9 });
  const last = sequences(series(), asMessages(bars)).at(-1)!;
  assert.equal(last.length, SEQUENCE_SIZE);
  for (let ago = 0; ago < SEQUENCE_BARS; ago++) {
    const at = bars.length - 1 - ago;
    const [bar, before] = [bars[at]!, bars[at - 1]!];
    const channel = (name: string): number =>
      last[(SEQUENCE_BARS - 1 - ago) * CHANNEL_COUNT + CHANNELS.findIndex((each) => each.name === name)]!;
    const near = (name: string, expected: number): void =>
      assert.ok(
        Math.abs(channel(name) - expected) < 1e-4,
        `${name} ${ago} ago: ${channel(name)}, ${expected}`,
      );
    near('direction', Math.sign(bar.close - before.close));
    // The unit of a bar's prices is one ATR: ratios of channels are ratios of prices.
    near('return', (channel('range') * (bar.close - before.close)) / (bar.high - bar.low));
    near('body', (channel('range') * (bar.close - bar.open)) / (bar.high - bar.low));
    near('spread', (channel('range') * (bar.ask - bar.bid)) / (bar.high - bar.low));
    near(
      'upper_wick',
      (channel('range') * (bar.high - Math.max(bar.open, bar.close))) / (bar.high - bar.low),
    );
    near('lower_wick', (channel('range') * (Math.min(bar.open, bar.close) - bar.low)) / (bar.high - bar.low));
    near('close_position', (2 * (bar.close - bar.low)) / (bar.high - bar.low) - 1);
    const mean = bars.slice(at - 19, at + 1).reduce((sum, { volume }) => sum + volume, 0) / 20;
    near('volume_ratio', bar.volume / mean);
    assert.ok(Number.isNaN(channel('tick_ratio')));
    const hour = new Date(bar.openTime + 3_600_000).getUTCHours();
    near('day_sin', Math.sin((2 * Math.PI * hour) / 24));
    near('day_cos_3', Math.cos((2 * Math.PI * 3 * hour) / 24));
  }
});

test('before the first bars a sequence is NaN, never zero', () => {
  const [first] = sequences(series(), asMessages(inventedBars(1)));
  assert.ok(first!.subarray(0, SEQUENCE_SIZE - CHANNEL_COUNT).every(Number.isNaN));
  assert.ok(Number.isNaN(first![SEQUENCE_SIZE - CHANNEL_COUNT]));
  assert.ok(first!.subarray(SEQUENCE_SIZE - CHANNEL_COUNT).some((x) => !Number.isNaN(x)));
});

test('a series hands sequences out from the bar after a model that takes them, and no longer than that', () => {
  const bars = inventedBars(6);
  const route = (sequenceVersion?: string): Message => ({
    kind: 'route',
    target: 'a',
    route: { featureSetVersion: FEATURE_SET_VERSION, sequenceVersion } as Route,
  });
  const [b0, b1, b2, b3, b4, b5] = asMessages(bars);
  const given = sequences(series([]), [
    b0!,
    route(SEQUENCE_VERSION),
    b1!,
    b2!,
    route(),
    b3!,
    route('sq0-of-another-time'),
    b4!,
    { kind: 'route', target: 'b', route: { sequenceVersion: SEQUENCE_VERSION } as Route },
    b5!,
  ]);
  assert.deepEqual(
    given.map((sequence) => sequence !== undefined),
    [false, true, true, false, false, false],
  );
});

test('a series hands sequences out for any arm of a plan that takes them: a shadow or a canary too', () => {
  const [first, second, third] = asMessages(inventedBars(3));
  const arm = { featureSetVersion: FEATURE_SET_VERSION, sequenceVersion: SEQUENCE_VERSION } as Route;
  const production = { featureSetVersion: FEATURE_SET_VERSION } as Route;
  for (const beside of [{ shadows: [arm] }, { canary: { route: arm, share: 0.1 } }]) {
    const given = sequences(series([]), [
      first!,
      { kind: 'route', target: 'a', route: { ...production, ...beside } },
      second!,
      { kind: 'route', target: 'a', route: production },
      third!,
    ]);
    assert.deepEqual(
      given.map((sequence) => sequence !== undefined),
      [false, true, false],
    );
  }
});

test('sequences of a series that is restored again and again are a training’s, and one number of a ring that was changed is found', () => {
  const bars = inventedBars(400, { seed: 4 });
  const grid = BarGrid.of('1h');
  const compare = (spoil: (numbers: Float64Array, bar: number) => void): SequenceComparison => {
    const comparison = new SequenceComparison(bars, grid);
    let actor = series();
    bars.forEach((bar, i) => {
      const [sequence] = sequences(actor, [{ kind: 'bar', bar }]);
      comparison.check(grid.closeOf(bar.openTime), sequence, 'after a restart');
      if (i % 37 !== 0) return;
      const { header, numbers } = decodeSnapshot(actor.snapshot(), machine.layout);
      spoil(numbers, i);
      actor = series();
      actor.restore(encodeSnapshot(header, numbers));
    });
    return comparison;
  };
  const sound = compare(() => undefined);
  assert.deepEqual([sound.differences, sound.compared], [0, 201]);
  const ring = machine.stateSize - SEQUENCE_SIZE;
  const spoilt = compare((numbers, bar) => {
    // The direction of the newest bar.
    if (bar === 37 * 7) numbers[ring + (bar % SEQUENCE_BARS) * CHANNEL_COUNT + 1]! *= -1;
  });
  assert.equal(spoilt.differences, SEQUENCE_BARS - 1);
  assert.match(spoilt.detail, /sequence channel "direction" of 1 bars before .* after a restart/);
});

test('a snapshot without sequence channels is refused with its layout', () => {
  const old = encodeSnapshot(
    { actorId: 'feed/EURUSD/1h', layout: machine.layout.replace(`/${SEQUENCE_VERSION}`, '') },
    new Float64Array(machine.stateSize),
  );
  assert.throws(() => series().restore(old), { code: 'SNAPSHOT_VERSION' });
});

test('the ring takes at most 6 KB of a series’ state', () => {
  assert.ok((SEQUENCE_SIZE + 1) * 8 <= 6 * 1024);
});
