import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { BarGrid } from '../../actors/market/bar-grid.js';
import { SeriesCursor } from '../../actors/series-machine.js';
import { Journal } from '../../engine/journal/journal.js';
import type { Codec, Key, LogStore, Table } from '../../engine/journal/log-store.js';
import { WalStore } from '../../engine/journal/wal-store.js';
import { temporaryFolder } from '../support/engine.js';
import { withheldOn } from '../support/invented-records.js';
import { VirtualClock } from '../support/virtual-clock.js';

/** A store that counts what each transaction removes. */
class CountedRemovals implements LogStore {
  readonly #store: LogStore;
  readonly removed: number[] = [];

  constructor(store: LogStore) {
    this.#store = store;
  }

  table<V, K extends Key>(name: string, codec?: Codec<V>): Table<V, K> {
    const table = this.#store.table<V, K>(name, codec);
    const remove = (key: K): void => {
      this.removed[this.removed.length - 1]!++;
      table.remove(key);
    };
    return { ...table, remove };
  }

  async transaction(write: () => void): Promise<void> {
    this.removed.push(0);
    await this.#store.transaction(write);
  }

  bytes(): number {
    return this.#store.bytes();
  }

  async compact(): Promise<void> {
    await this.#store.compact();
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}

const INSTRUMENTS = ['market/EURUSD', 'market/GBPUSD', 'market/XAUUSD'];
const INPUTS = 1_700;
const actorOf = (instrument: string): string => `signal:acme:${instrument}/1h`;

/** Inputs of each instrument, and as many bars of which its signal actor concluded nothing. */
function fill(journal: Journal): number {
  let position = 0;
  for (const instrument of INSTRUMENTS)
    for (let closeTime = 1; closeTime <= INPUTS; closeTime++) {
      position = journal.inputs.append({ kind: 'bars', instrument, numbers: new Float64Array(6) });
      journal.predictions.appendConclusion(withheldOn(actorOf(instrument), closeTime));
    }
  return position;
}

/** Snapshots of all instruments at once, of all they took but the last bar. */
function takeSnapshots(journal: Journal, position: number): void {
  const definition = { feed: 'market', owner: 'platform', base: '1h', longer: [], signals: [] } as const;
  const cursor = new SeriesCursor(BarGrid.of('1h')).state;
  for (const instrument of INSTRUMENTS) {
    const symbol = instrument.split('/')[1]!;
    const parts = new Map([[instrument, new Uint8Array(8)]]);
    const record = { definition: { ...definition, symbol }, position, cursor, openBar: undefined, parts };
    journal.snapshots.put(instrument, record, [actorOf(instrument)], INPUTS - 1);
  }
}

const left = (journal: Journal): { inputs: number; conclusions: number }[] =>
  INSTRUMENTS.map((instrument) => ({
    inputs: [...journal.inputs.after(instrument, 0)].length,
    conclusions: Array.from({ length: INPUTS }, (_, i) =>
      journal.predictions.conclusions.get(actorOf(instrument), i + 1),
    ).filter((conclusion) => conclusion !== undefined).length,
  }));

test('snapshots of many instruments at once drop what they hold a part at a time, and all of it', async (t) => {
  const clock = new VirtualClock();
  const store = new CountedRemovals(new WalStore(temporaryFolder(t)));
  const journal = new Journal(store, 1e9, clock);
  const position = fill(journal);
  await journal.durable();
  store.removed.length = 0;
  takeSnapshots(journal, position);
  await journal.durable();
  assert.equal(store.removed.length, 1);
  assert.ok(store.removed[0]! > 0 && left(journal).some(({ inputs }) => inputs > 0), 'a part at once');
  for (let step = 0; step < 100; step++) {
    await clock.advance(10);
    await journal.durable();
  }
  assert.deepEqual(
    left(journal),
    INSTRUMENTS.map(() => ({ inputs: 0, conclusions: 1 })),
  );
  for (const instrument of INSTRUMENTS) assert.equal(journal.inputs.retained(instrument).records, 0);
  assert.ok(Math.max(...store.removed) <= 500, 'never more than a millisecond or two of work');
  await journal.close();
});

test('what a snapshot held and a crash kept is read by nobody, and goes with the next', async (t) => {
  const folder = temporaryFolder(t);
  const crashed = new Journal(new WalStore(folder), 1e9, new VirtualClock());
  const position = fill(crashed);
  takeSnapshots(crashed, position);
  await crashed.durable();
  // Its clock stands still, so that nothing more is dropped: this is what a crash leaves on the disk.
  const kept = path.join(temporaryFolder(t), 'journal');
  cpSync(folder, kept, { recursive: true });
  await crashed.close();
  const journal = new Journal(new WalStore(kept), 1e9, new VirtualClock());
  assert.ok(left(journal).some(({ inputs }) => inputs > 0));
  for (const instrument of INSTRUMENTS) {
    assert.equal(journal.snapshots.record(instrument)?.position, position);
    assert.deepEqual([...journal.inputs.after(instrument, position)], []);
  }
  takeSnapshots(journal, position);
  await journal.close();
  const after = new Journal(new WalStore(kept), 1e9, new VirtualClock());
  assert.deepEqual(
    left(after),
    INSTRUMENTS.map(() => ({ inputs: 0, conclusions: 1 })),
  );
  await after.close();
});
