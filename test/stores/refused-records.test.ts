// Dead letters of real sinks over a journal on disk, and a store behind each that refuses and takes what the test says.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import type { FeatureRow } from '../../actors/messages.js';
import { SYSTEM_CLOCK } from '../../engine/clock.js';
import { SuhoError } from '../../engine/errors.js';
import { seriesId, seriesIdentity } from '../../engine/instruments/ids.js';
import { Journal } from '../../engine/journal/journal.js';
import type { PredictionEvent, StoredRow } from '../../engine/journal/records.js';
import { featureTarget } from '../../engine/sinks/feature-target.js';
import { patternTarget } from '../../engine/sinks/pattern-target.js';
import { predictionTarget } from '../../engine/sinks/prediction-target.js';
import { RefusedRecords } from '../../engine/sinks/refused-records.js';
import { Sink, type SinkTarget } from '../../engine/sinks/sink.js';
import type { LoggedPattern } from '../../engine/journal/moments.js';
import { afterTest } from '../support/cleanup.js';
import { temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';
import { tradeOn } from '../support/invented-records.js';
import { inventedSignal } from '../support/prediction-contract.js';

const SERIES = seriesId('market/EURUSD', { timeframe: '1h' });
const [bar] = inventedBars(1);

/** A store of anything that can be away or refuse. */
class AnyStore<R> {
  readonly held: R[] = [];
  away = false;
  refuses: (record: R) => boolean = () => false;
  /** Called before each write. */
  beforeWrite: () => Promise<void> = async () => undefined;

  async write(records: readonly R[]): Promise<void> {
    await this.beforeWrite();
    if (this.away) throw new SuhoError('STORE_UNAVAILABLE', 'connection refused');
    if (records.some((record) => this.refuses(record))) throw new SuhoError('RECORD_REFUSED', 'out of range');
    this.held.push(...records);
  }
}

/** A journal in a folder with the sinks of its three topics; `close` ends them as a stop of the engine does. */
function openSinks(folder: string) {
  const journal = Journal.open(folder, 1e9);
  const rows = new AnyStore<StoredRow>();
  const predictions = new AnyStore<PredictionEvent>();
  const patterns = new AnyStore<LoggedPattern>();
  const parts = { journal, clock: SYSTEM_CLOCK, log: pino({ level: 'silent' }), random: Math.random };
  const sinkOf = <R>(target: SinkTarget<R>): Sink =>
    new Sink<R>(parts, { ...target, lingerMs: 0 }) as unknown as Sink;
  const identified = async (given: readonly StoredRow[]) =>
    given.map((row) => ({ series: seriesIdentity(row.seriesId), row }));
  const weaviate = { addLogged: async (given: readonly LoggedPattern[]) => await patterns.write(given) };
  const sinks = [
    sinkOf(
      featureTarget(
        journal,
        { write: async (given) => await rows.write(given.map(({ row }) => row)) },
        identified,
      ),
    ),
    sinkOf(predictionTarget(journal, predictions)),
    sinkOf(patternTarget(journal, weaviate)),
  ] as const;
  for (const sink of sinks) sink.start();
  const written = async (): Promise<void> => {
    await Promise.all(sinks.map(async (sink) => await sink.caughtUp()));
    await journal.durable();
  };
  const close = async (): Promise<void> => {
    await Promise.all(sinks.map((sink) => sink.stop()));
    await journal.close();
  };
  return {
    journal,
    rows,
    predictions,
    patterns,
    sinks,
    records: new RefusedRecords(journal, sinks),
    written,
    close,
  };
}

type Opened = ReturnType<typeof openSinks>;

function opened(t: TestContext): Opened {
  const open = openSinks(temporaryFolder(t));
  afterTest(t, async () => await open.close());
  return open;
}

function rowOf(i: number): FeatureRow {
  const values = Float32Array.from({ length: 277 }, (_, j) => (j % 7 === 0 ? NaN : Math.sin(i + j) * 1e-3));
  return {
    seriesId: SERIES,
    symbol: 'EURUSD',
    timeframe: '1h',
    bar: { ...bar!, volume: NaN },
    closeTime: 3_600_000 * (i + 1),
    values,
    model: values,
    bars: i + 1,
    qualityScore: 0.97,
    qualityFlags: 5,
    labels: [],
  };
}

function appendOutcomes(journal: Journal, ...closeTimes: readonly number[]): void {
  for (const closeTime of closeTimes) {
    const label = { closeTime, horizon: 0, direction: 1, return: 0, maxGain: 0, maxLoss: 0, barrier: 0 };
    journal.predictions.appendOutcome({ actorId: 'a', tenantId: 'acme' }, `n${closeTime}`, {
      ...label,
      resolvedAt: 1,
    });
  }
}

const numberOf = (event: PredictionEvent): number => (event.kind === 'outcome' ? event.label.closeTime : NaN);

test('a refused record of any topic is written later exactly as it was, also after a restart', async (t) => {
  const folder = temporaryFolder(t);
  const before = openSinks(folder);
  const seen: unknown[] = [];
  for (const store of [before.rows, before.predictions, before.patterns])
    store.refuses = (record: unknown) => {
      seen.push(structuredClone(record));
      return true;
    };
  before.journal.rows.append(rowOf(0));
  before.journal.moments.put('acme|market|EURUSD|1h|e1', 3_600_000, {
    vector: Float32Array.from({ length: 64 }, (_, i) => Math.cos(i)),
    directions: [1, NaN, NaN],
    returns: [0.001, NaN, NaN],
    resolvedAt: 0,
    conditions: { rsi_14: 55.5 },
  });
  before.journal.predictions.appendTrade(tradeOn(inventedSignal('acme', 0)));
  await before.written();
  await before.close();
  assert.equal(seen.length, 3);

  const after = openSinks(folder);
  afterTest(t, async () => await after.close());
  const letters = after.records.list(0).letters;
  assert.deepEqual(letters.map(({ name }) => name).toSorted(), ['features', 'patterns', 'predictions']);
  for (const { name, key } of letters) assert.equal(await after.records.retry(name, key), 'written');
  const held = [...after.rows.held, ...after.predictions.held, ...after.patterns.held];
  const inOrder = (records: readonly unknown[]): unknown[] =>
    [...records].sort((a, b) => (Object.keys(a as object).join() < Object.keys(b as object).join() ? -1 : 1));
  assert.deepEqual(inOrder(held), inOrder(seen));
  assert.deepEqual(after.records.list(0), { letters: [], nextAfter: undefined });
});

test('one letter is retried: refused it stays, taken it goes, and the count of its sink follows', async (t) => {
  const { journal, predictions, records, sinks, written } = opened(t);
  predictions.refuses = (event) => numberOf(event) === 7;
  appendOutcomes(journal, 5, 7, 9);
  await written();
  const [letter] = records.list(0).letters;
  const count = (): number => sinks[1].status().deadLetters;
  assert.equal(await records.retry('predictions', letter!.key), 'refused');
  assert.equal(count(), 1);
  predictions.away = true;
  await assert.rejects(records.retry('predictions', letter!.key), { code: 'STORE_UNAVAILABLE' });
  assert.equal(count(), 1);
  predictions.away = false;
  predictions.refuses = () => false;
  assert.equal(await records.retry('features', letter!.key), 'unknown', 'it is another sink’s');
  assert.equal(await records.retry('predictions', letter!.key), 'written');
  assert.deepEqual(predictions.held.map(numberOf), [5, 9, 7]);
  assert.deepEqual([count(), journal.deadLetters.size], [0, 0]);
  assert.equal(await records.retry('predictions', letter!.key), 'unknown', 'it is gone');
  await assert.rejects(records.retry('nowhere', letter!.key), {
    code: 'NOT_FOUND',
    message: /"nowhere"; there are features, predictions, patterns/,
  });
});

test('all letters of a sink are retried page by page, in order: those refused again stay, other letters are left alone', async (t) => {
  const { journal, rows, predictions, records, written } = opened(t);
  rows.refuses = () => true;
  predictions.refuses = () => true;
  journal.rows.append(rowOf(0));
  // An actor of the name of a sink: its letter has nothing to write.
  journal.deadLetters.add({
    source: 'actor',
    name: 'predictions',
    tenantId: 'acme',
    about: 'a bar',
    error: 'it failed',
    record: undefined,
  });
  const numbers = Array.from({ length: 250 }, (_, i) => i);
  appendOutcomes(journal, ...numbers);
  await written();
  predictions.refuses = (event) => numberOf(event) % 50 === 3;
  const retryAll = async (): Promise<{ written: number; refused: number; pages: number }> => {
    const sum = { written: 0, refused: 0, pages: 0 };
    for (let after: number | undefined = 0; after !== undefined;) {
      const page = await records.retryPage('predictions', after);
      sum.written += page.written;
      sum.refused += page.refused;
      sum.pages++;
      after = page.nextAfter;
    }
    return sum;
  };
  assert.deepEqual(await retryAll(), { written: 245, refused: 5, pages: 3 });
  assert.deepEqual(
    predictions.held.map(numberOf),
    numbers.filter((n) => n % 50 !== 3),
  );
  assert.deepEqual(
    records.list(0, 'predictions').letters.map(({ about }) => about),
    ['a bar', 'n3', 'n53', 'n103', 'n153', 'n203'],
  );
  assert.equal(records.list(0, 'features').letters.length, 1);
  predictions.refuses = () => false;
  assert.deepEqual(await retryAll(), { written: 5, refused: 0, pages: 1 });
  assert.equal(journal.deadLetters.size, 2);
});

test('what comes later about a refused record waits behind it, also after a restart, and a retry keeps the order', async (t) => {
  const folder = temporaryFolder(t);
  let open = openSinks(folder);
  const again = async (): Promise<void> => {
    await open.close();
    open = openSinks(folder);
  };
  afterTest(t, async () => await open.close());
  open.rows.refuses = () => true;
  open.journal.rows.append(rowOf(0));
  await open.written();
  await again();
  // The store takes the row now, with a label; the older letter must not replace it.
  const label = {
    closeTime: rowOf(0).closeTime,
    direction: 1,
    return: 0.5,
    maxGain: 0,
    maxLoss: 0,
    barrier: 0,
  };
  for (const horizon of [0, 1]) {
    const labels = [{ ...label, horizon, resolvedAt: rowOf(1 + horizon).closeTime }];
    open.journal.rows.append({ ...rowOf(1 + horizon), labels });
    await open.written();
  }
  const closeTimes = (): number[] => open.rows.held.map(({ closeTime }) => closeTime);
  assert.deepEqual(closeTimes(), [rowOf(1).closeTime, rowOf(2).closeTime], 'other rows go on');
  await again();
  const letters = open.records.list(0, 'features').letters;
  assert.equal(letters.length, 3);
  assert.match(letters[2]!.error, /earlier record/);
  assert.equal(await open.records.retry('features', letters[2]!.key), 'refused');
  assert.deepEqual(await open.records.retryPage('features', 0), {
    written: 3,
    refused: 0,
    nextAfter: undefined,
  });
  assert.deepEqual(
    open.rows.held.map(({ labels }) => labels.filter((value) => value === 0.5).length),
    [0, 1, 2],
    'the row with all its labels is written last',
  );
});

test('in one batch, too, what is about a refused record waits behind it; when that is discarded it can be retried', async (t) => {
  const { journal, predictions, records, written } = opened(t);
  predictions.away = true;
  appendOutcomes(journal, 1, 2, 1, 3, 1);
  await journal.durable();
  let first = true;
  predictions.refuses = (event) => first && numberOf(event) === 1 && predictions.held.length === 0;
  predictions.away = false;
  await written();
  assert.deepEqual(
    records.list(0).letters.map(({ about }) => about),
    ['n1', 'n1', 'n1'],
  );
  first = false;
  const [oldest, , newest] = records.list(0).letters;
  assert.equal(await records.retry('predictions', newest!.key), 'refused');
  assert.equal(await records.discard('predictions', oldest!.key), true);
  assert.deepEqual(await records.retryPage('predictions', 0), {
    written: 2,
    refused: 0,
    nextAfter: undefined,
  });
  assert.equal(journal.deadLetters.size, 0);
});

test('a store that goes away in the middle of a retry keeps the letters it has not taken', async (t) => {
  const { journal, predictions, records, written } = opened(t);
  predictions.refuses = () => true;
  appendOutcomes(journal, 1, 2, 3, 4);
  await written();
  predictions.refuses = () => false;
  predictions.beforeWrite = async () => void (predictions.away = predictions.held.length === 2);
  await assert.rejects(records.retryPage('predictions', 0), { code: 'STORE_UNAVAILABLE' });
  await journal.durable();
  assert.deepEqual(
    records.list(0).letters.map(({ about }) => about),
    ['n3', 'n4'],
  );
});

test('a retry that is under way when the engine stops touches the journal no more', async (t) => {
  const folder = temporaryFolder(t);
  const { journal, predictions, records, written, close } = openSinks(folder);
  predictions.refuses = () => true;
  appendOutcomes(journal, 1);
  await written();
  predictions.refuses = () => false;
  let goOn = (): void => undefined;
  predictions.beforeWrite = async () => await new Promise<void>((resolve) => (goOn = resolve));
  const retried = records.retryPage('predictions', 0);
  let failure: SuhoError | undefined;
  journal.onFailure((error) => (failure = error));
  await close();
  goOn();
  await assert.rejects(retried, { code: 'STOPPING' });
  assert.equal(failure, undefined);
  const again = openSinks(folder);
  afterTest(t, async () => await again.close());
  assert.equal(again.journal.deadLetters.size, 1);
});
