import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pressure } from '../../engine/intake/pressure.js';
import { Workload } from '../../engine/instruments/workload.js';
import { ProcessClock, VirtualTime } from '../simulation/virtual-time.js';

const TARGET_MS = 75;

/** A door before rooms that conclude a row every `1000 / perSecond` ms, those that came first before the others. */
class Rooms {
  readonly time = new VirtualTime(0);
  readonly workload = new Workload(() => 0);
  readonly pressure: Pressure;
  readonly done = new Map<string, number>();
  /** Time each row took from the door to its end, ms. */
  readonly took: number[] = [];
  readonly #clock = new ProcessClock(this.time);
  readonly #rows: { readonly tenant: string; readonly since: number }[] = [];
  readonly #perSecond: () => number;

  constructor(perSecond: () => number, weights: Readonly<Record<string, number>> = {}) {
    this.#perSecond = perSecond;
    this.pressure = new Pressure({
      work: this.workload,
      clock: this.#clock,
      targetMs: TARGET_MS,
      waitMsMax: 5_000,
      weightOf: (tenant) => weights[tenant] ?? 1,
    });
    this.#conclude();
  }

  #conclude(): void {
    const row = this.#rows.shift();
    if (row !== undefined) {
      this.done.set(row.tenant, (this.done.get(row.tenant) ?? 0) + 1);
      this.took.push(this.#clock.monotonic() - row.since);
      this.workload.change(row.tenant, -1);
      this.workload.progressed();
    }
    this.#clock.setTimeout(() => this.#conclude(), 1000 / this.#perSecond());
  }

  /** Takes rows that the rooms never conclude. */
  stuck(tenant: string, count: number): void {
    this.workload.change(tenant, count);
  }

  async send(tenant: string): Promise<void> {
    await this.pressure.enter(tenant, () => {
      this.workload.change(tenant, 1);
      this.#rows.push({ tenant, since: this.#clock.monotonic() });
    });
  }

  /** A publisher with `open` requests at the door at once, as a stream has. */
  publish(tenant: string, open: number): void {
    const again = (): void => void this.send(tenant).then(again, again);
    for (let i = 0; i < open; i++) again();
  }
}

for (const perSecond of [200, 2_000, 20_000])
  test(`with more offered than can be done, ${perSecond} rows a second are done and each in about the target`, async () => {
    const rooms = new Rooms(() => perSecond);
    rooms.publish('a', 16);
    rooms.publish('b', 200);
    // What came before it was known how fast they are.
    await rooms.time.runUntil(3_000);
    const before = rooms.took.length;
    await rooms.time.runUntil(6_000);
    const took = rooms.took.slice(before).sort((x, y) => x - y);
    assert.ok(took.length >= 0.95 * 3 * perSecond, `${took.length} of ${3 * perSecond} done`);
    // A room for 64 rows is always there: without it, batches would be of one.
    const bound = Math.max(TARGET_MS * 1.5, (64 / perSecond) * 1000 * 1.1);
    assert.ok(took.at(Math.floor(0.99 * took.length))! <= bound, `p99 ${took.at(-1)} ms`);
  });

test('rooms that become slower have fewer rows in work, rooms that become faster more', async () => {
  let perSecond = 4_000;
  const rooms = new Rooms(() => perSecond);
  rooms.publish('a', 2_000);
  const limits: number[] = [];
  for (const [next, until] of [
    [1_200, 4_000],
    [8_000, 8_000],
    [0, 12_000],
  ] as const) {
    await rooms.time.runUntil(until);
    limits.push(rooms.pressure.counts().rowsMax);
    perSecond = next;
  }
  assert.ok(Math.abs(limits[0]! / (4_000 * 0.075) - 1) < 0.1, String(limits));
  assert.ok(Math.abs(limits[1]! / (1_200 * 0.075) - 1) < 0.1, String(limits));
  assert.ok(Math.abs(limits[2]! / (8_000 * 0.075) - 1) < 0.1, String(limits));
});

test('tenants share by weight, and one that sends little does not wait behind one that sends much', async () => {
  const rooms = new Rooms(() => 1_000, { heavy: 3, light: 1, small: 1 });
  rooms.publish('heavy', 200);
  rooms.publish('light', 2_000);
  await rooms.time.runUntil(2_000);
  rooms.done.clear();
  for (let i = 0; i < 40; i++) {
    const sent = rooms.send('small');
    let isIn = false;
    void sent.then(() => (isIn = true));
    await rooms.time.runUntil(2_000 + 100 * i + 99);
    assert.ok(isIn);
  }
  const { heavy, light } = Object.fromEntries(rooms.done) as { heavy: number; light: number };
  assert.ok(heavy / light > 2.4 && heavy / light < 3.6, `${heavy} and ${light}`);
});

test('work of one tenant that never ends keeps no other from its share', async () => {
  const rooms = new Rooms(() => 500);
  rooms.stuck('slow', 10_000);
  rooms.publish('slow', 50);
  rooms.publish('other', 50);
  await rooms.time.runUntil(4_000);
  assert.ok((rooms.done.get('other') ?? 0) > 0.9 * 500 * 4, String(rooms.done.get('other')));
});

test('a request that waits five seconds is refused, saying what to do, and its place is free', async () => {
  const rooms = new Rooms(() => 500);
  rooms.stuck('a', 10_000);
  const refusal = assert.rejects(rooms.send('a'), {
    code: 'OVERLOADED',
    message: /Send it again, more slowly/,
  });
  await rooms.time.runUntil(5_001);
  await refusal;
  assert.deepEqual(rooms.pressure.counts(), { waiting: 0, waited: 1, refused: 1, rowsMax: 256 });
});

test('what a taken request throws is told to its sender, and the next comes in', async () => {
  const rooms = new Rooms(() => 500);
  rooms.stuck('a', 300);
  const failing = assert.rejects(
    rooms.pressure.enter('a', () => {
      throw new Error('no room in the journal');
    }),
    /no room in the journal/,
  );
  const next = rooms.send('a');
  rooms.stuck('a', -300);
  rooms.workload.progressed();
  await failing;
  await next;
});
