import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import type { Timer } from '../../engine/clock.js';
import { SuhoError } from '../../engine/errors.js';
import { ModelTrials } from '../../engine/inference/model-trials.js';
import { FolderArtifactStore } from '../../engine/registry/folder-artifact-store.js';
import { ModelFiles, type ServedModel } from '../../engine/registry/model-files.js';
import { S3ArtifactStore } from '../../engine/registry/s3-artifact-store.js';
import { afterTest } from '../support/cleanup.js';
import { temporaryFolder } from '../support/engine.js';
import { plainEncoder, plainPredictor } from '../support/models.js';
import { S3Front } from '../support/s3-front.js';

/** Time that passes when the test says so. */
class Clock {
  readonly waits: number[] = [];
  #callbacks: (() => void)[] = [];

  setTimeout(callback: () => void, ms: number): Timer {
    this.waits.push(ms);
    this.#callbacks.push(callback);
    return { cancel: () => (this.#callbacks = this.#callbacks.filter((other) => other !== callback)) };
  }

  get pending(): number {
    return this.#callbacks.length;
  }

  /** Settles when there is a timer. */
  async waiting(): Promise<void> {
    while (this.#callbacks.length === 0) await eventLoopTurn();
  }

  /** Lets the next timer run, once there is one. */
  async pass(): Promise<void> {
    await this.waiting();
    for (const callback of this.#callbacks.splice(0)) callback();
  }
}

interface Room {
  readonly store: FolderArtifactStore;
  readonly files: ModelFiles;
  readonly clock: Clock;
  /** Resolves with the next state that a model comes to. */
  next(): Promise<string>;
}

function open(t: TestContext, store: FolderArtifactStore | S3ArtifactStore): Omit<Room, 'store'> {
  const trials = new ModelTrials();
  const clock = new Clock();
  let told: (state: string) => void = () => undefined;
  const files = new ModelFiles({
    artifacts: store,
    tryPair: async (pair) => await trials.run(pair),
    clock,
    onState: ({ state }) => told(state.kind),
  });
  afterTest(t, async () => {
    files.close();
    await trials.close();
  });
  return { files, clock, next: () => new Promise((resolve) => (told = resolve)) };
}

async function putPair(
  store: FolderArtifactStore | S3ArtifactStore,
  symbol: string,
  predictor: Uint8Array,
  encoder: Uint8Array,
): Promise<ServedModel> {
  const place = { tenantId: 'platform', model: `market/${symbol}/1h`, version: 'v1.0.0' };
  const { sha256: modelId } = await store.put(place, predictor);
  const { sha256: encoderId } = await store.put(place, encoder);
  return { place, modelId, encoderId, featureSetVersion: FEATURE_SET_VERSION };
}

test('a damaged, a missing and a bad model are each withheld with their name; the rest serves', async (t) => {
  const store = new FolderArtifactStore(temporaryFolder(t));
  const { files } = open(t, store);
  const good = await putPair(store, 'EURUSD', plainPredictor(1), plainEncoder(1));
  const cut = await putPair(store, 'GBPUSD', plainPredictor(2), plainEncoder(2));
  writeFileSync(store.path(cut.modelId), plainPredictor(2).subarray(0, 700));
  const gone = await putPair(store, 'USDJPY', plainPredictor(3), plainEncoder(3));
  rmSync(store.path(gone.encoderId));
  const infinite = await putPair(store, 'XAUUSD', plainPredictor(4), plainEncoder(4, NaN));
  const states = await Promise.all([good, cut, gone, infinite].map((model) => files.use(model)));
  assert.deepEqual(
    states.map(({ kind }) => kind),
    ['available', 'withheld', 'withheld', 'withheld'],
  );
  const words = [/GBPUSD.*damaged/, /USDJPY.*no model file/, /XAUUSD.*out of range/];
  [cut, gone, infinite].forEach((model, i) => {
    assert.throws(
      () => files.pair(model),
      (error) => error instanceof SuhoError && error.code === 'BAD_MODEL' && words[i]!.test(error.message),
    );
  });
  assert.equal(files.pair(good).predictor.sha256, good.modelId);
  assert.deepEqual(
    files
      .status()
      .map(({ place, state }) => [place.model, state.kind, state.kind === 'withheld' && state.retried]),
    [
      ['market/EURUSD/1h', 'available', false],
      ['market/GBPUSD/1h', 'withheld', true],
      ['market/USDJPY/1h', 'withheld', true],
      ['market/XAUUSD/1h', 'withheld', false],
    ],
  );
});

test('a damaged file that is restored serves without a restart; one nobody uses any more is not looked for', async (t) => {
  const store = new FolderArtifactStore(temporaryFolder(t));
  const { files, clock, next } = open(t, store);
  const model = await putPair(store, 'EURUSD', plainPredictor(), plainEncoder());
  writeFileSync(store.path(model.modelId), 'damaged');
  assert.equal((await files.use(model)).kind, 'withheld');
  for (let i = 0; i < 8; i++) {
    const state = next();
    await clock.pass();
    assert.equal(await state, 'withheld');
  }
  writeFileSync(store.path(model.modelId), plainPredictor());
  const state = next();
  await clock.pass();
  assert.equal(await state, 'available');
  assert.equal((await files.use(model)).kind, 'available');
  const longest = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000];
  assert.equal(clock.waits.length, longest.length);
  longest.forEach((ms, i) =>
    assert.ok(clock.waits[i]! > ms / 2 - 1 && clock.waits[i]! <= ms, `${clock.waits[i]}`),
  );

  const other = await putPair(store, 'GBPUSD', plainPredictor(9), plainEncoder());
  rmSync(store.path(other.modelId));
  await files.use(other);
  await clock.waiting();
  files.forget(other);
  assert.equal(clock.pending, 0);
  assert.equal(files.status().length, 1);
});

test('a server of model files that is away withholds the model until it is back', async (t) => {
  const front = await S3Front.start(t);
  const storeIn = (folder: string): S3ArtifactStore => {
    const settings = {
      uri: 's3://models',
      endpoint: front.endpoint,
      region: 'x',
      accessKeyId: 'k',
      secretAccessKey: 's',
    };
    const store = new S3ArtifactStore(new FolderArtifactStore(folder), settings);
    afterTest(t, () => store.close());
    return store;
  };
  const model = await putPair(storeIn(temporaryFolder(t)), 'EURUSD', plainPredictor(), plainEncoder());
  const { files, clock, next } = open(t, storeIn(temporaryFolder(t)));
  front.away = true;
  const first = await files.use(model);
  assert.ok(first.kind === 'withheld' && first.retried && /EURUSD.*cannot be fetched/.test(first.reason));
  front.away = false;
  const state = next();
  await clock.pass();
  assert.equal(await state, 'available');
  assert.equal(files.pair(model).encoder.sha256, model.encoderId);
});

test('a model of another feature set is withheld with both versions until one of its name is trained', async (t) => {
  const store = new FolderArtifactStore(temporaryFolder(t));
  const { files, clock } = open(t, store);
  const current = await putPair(store, 'EURUSD', plainPredictor(1), plainEncoder(1));
  const other = await putPair(store, 'GBPUSD', plainPredictor(2), plainEncoder(2));
  // Its files are whole, or gone: neither matters.
  const old = { ...current, modelId: other.modelId, featureSetVersion: 'fs1-8d033b8bcf53fb09' };
  const gone = { ...other, modelId: '0'.repeat(64), featureSetVersion: 'fs1-8d033b8bcf53fb09' };
  for (const model of [old, gone]) assert.equal((await files.use(model)).kind, 'withheld');
  assert.throws(
    () => files.pair(old),
    (error) =>
      error instanceof SuhoError &&
      error.code === 'BAD_MODEL' &&
      /EURUSD/.test(error.message) &&
      error.message.includes('fs1-8d033b8bcf53fb09') &&
      error.message.includes(FEATURE_SET_VERSION),
  );
  assert.equal(clock.pending, 0, 'its bytes do not change');
  const trained = await store.put(current.place, plainPredictor(1));
  files.admit(
    current,
    {
      predictor: { path: store.path(trained.sha256), sha256: trained.sha256 },
      encoder: { path: store.path(current.encoderId), sha256: current.encoderId },
    },
    true,
  );
  const names = (): readonly string[] =>
    files.status().map(({ place, state }) => `${place.model} ${state.kind}`);
  assert.deepEqual(names(), ['market/GBPUSD/1h withheld', 'market/EURUSD/1h available']);
  await files.use(other);
  assert.deepEqual(names(), ['market/EURUSD/1h available', 'market/GBPUSD/1h available']);
});
