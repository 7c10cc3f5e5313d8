import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import { SuhoError } from '../../engine/errors.js';
import type { ModelPair } from '../../engine/inference/to-worker.js';
import { importModel } from '../../engine/learning/model-import.js';
import { artifactPlace } from '../../engine/registry/model-registry.js';
import { FolderArtifactStore } from '../../engine/registry/folder-artifact-store.js';
import { S3ArtifactStore } from '../../engine/registry/s3-artifact-store.js';
import { afterTest } from '../support/cleanup.js';
import { artifactStoreContract } from '../support/contracts.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { PLAIN_MAPPING, plainPredictor } from '../support/models.js';
import { registerModel } from '../support/rollout.js';
import { S3Front } from '../support/s3-front.js';

const PLACE = { tenantId: 'acme', model: 'market/EURUSD/1h', version: 'v1.0.0' };

function storeOn(t: TestContext, front: S3Front, folder: string): S3ArtifactStore {
  const store = new S3ArtifactStore(new FolderArtifactStore(folder), {
    uri: 's3://models/suho',
    endpoint: front.endpoint,
    region: 'x',
    accessKeyId: 'k',
    secretAccessKey: 's',
  });
  afterTest(t, () => store.close());
  return store;
}

/** A server that holds one file of a megabyte, and what that file is. */
async function serving(t: TestContext): Promise<{ front: S3Front; bytes: Buffer; sha256: string }> {
  const front = await S3Front.start(t);
  const bytes = randomBytes(1_000_000);
  const { sha256 } = await storeOn(t, front, temporaryFolder(t)).put(PLACE, bytes);
  return { front, bytes, sha256 };
}

const files = (folder: string): string[] => readdirSync(folder).sort();

test('S3 keeps the contract of a store of model files', async (t) => {
  await artifactStoreContract(storeOn(t, await S3Front.start(t), temporaryFolder(t)), 's3');
});

test('ten who ask for one file at once share one download', async (t) => {
  const { front, bytes, sha256 } = await serving(t);
  const folder = temporaryFolder(t);
  const store = storeOn(t, front, folder);
  front.pauseMs = 1;
  await Promise.all(Array.from({ length: 10 }, () => store.fetch(PLACE, sha256)));
  assert.equal(front.gets, 1);
  assert.deepEqual(files(folder), [`${sha256}.onnx`]);
  assert.deepEqual(readFileSync(store.path(sha256)), bytes);
});

test('two processes that download one file into one folder do not meet', async (t) => {
  const { front, bytes, sha256 } = await serving(t);
  const folder = temporaryFolder(t);
  front.pauseMs = 1;
  // A store knows nothing of another one, as in another process.
  await Promise.all([1, 2, 3].map(() => storeOn(t, front, folder).fetch(PLACE, sha256)));
  assert.deepEqual(files(folder), [`${sha256}.onnx`]);
  assert.deepEqual(readFileSync(path.join(folder, `${sha256}.onnx`)), bytes);
});

test('a download that breaks off goes on; one that breaks off for good leaves nothing and can be tried again', async (t) => {
  const { front, sha256 } = await serving(t);
  const folder = temporaryFolder(t);
  const store = storeOn(t, front, folder);
  front.breaks = 3;
  await store.fetch(PLACE, sha256);
  assert.deepEqual([files(folder), front.gets], [[`${sha256}.onnx`], 4]);

  const other = temporaryFolder(t);
  const second = storeOn(t, front, other);
  front.breaks = Infinity;
  await assert.rejects(
    second.fetch(PLACE, sha256),
    (error) => error instanceof SuhoError && error.code === 'STORE_UNAVAILABLE',
  );
  assert.deepEqual(files(other), []);
  front.breaks = 0;
  await second.fetch(PLACE, sha256);
  assert.deepEqual(files(other), [`${sha256}.onnx`]);
});

test('a file that comes as another is refused and not kept', async (t) => {
  const { front, sha256 } = await serving(t);
  for (const key of front.objects.keys()) front.objects.set(key, randomBytes(5_000));
  const folder = temporaryFolder(t);
  await assert.rejects(
    storeOn(t, front, folder).fetch(PLACE, sha256),
    (error) => error instanceof SuhoError && error.code === 'BAD_MODEL',
  );
  assert.deepEqual(files(folder), []);
});

test('a damaged file is fetched again from a server, and named where there is none', async (t) => {
  const { front, bytes, sha256 } = await serving(t);
  const folder = temporaryFolder(t);
  const store = storeOn(t, front, folder);
  await store.fetch(PLACE, sha256);
  const file = store.path(sha256);
  for (const damage of [bytes.subarray(0, 500_000), randomBytes(bytes.length), Buffer.alloc(0)]) {
    writeFileSync(file, damage);
    const alone = new FolderArtifactStore(folder);
    await assert.rejects(
      alone.fetch(PLACE, sha256),
      (error) => error instanceof SuhoError && error.code === 'BAD_MODEL' && error.message.includes(file),
    );
    await store.fetch(PLACE, sha256);
    assert.equal(createHash('sha256').update(readFileSync(file)).digest('hex'), sha256);
    await alone.fetch(PLACE, sha256);
    writeFileSync(file, damage);
    await alone.put(PLACE, bytes);
    await alone.fetch(PLACE, sha256);
  }
});

test('what dead downloads left is removed at start, what may be coming now is not', (t) => {
  const folder = temporaryFolder(t);
  const [dead, coming] = ['a.onnx.1.part', 'b.onnx.2.part'].map((name) => path.join(folder, name));
  for (const file of [dead!, coming!]) writeFileSync(file, 'half');
  const long = new Date(Date.now() - 2 * 3_600_000);
  utimesSync(dead!, long, long);
  const store = new FolderArtifactStore(folder);
  assert.deepEqual(files(folder), [path.basename(coming!)]);
  store.close();
});

test('files of a user’s own models lie in a folder of that user, whatever he is called; those of an earlier version are found', async (t) => {
  const front = await S3Front.start(t);
  const store = storeOn(t, front, temporaryFolder(t));
  const bytes = randomBytes(100);
  const { sha256, uri } = await store.put({ ...PLACE, userId: 'ann' }, bytes);
  assert.equal(uri, `s3://models/suho/acme/user=ann/market-EURUSD-1h/v1.0.0/${sha256}.onnx`);
  const elsewhere = (): S3ArtifactStore => storeOn(t, front, temporaryFolder(t));
  await elsewhere().fetch({ ...PLACE, userId: 'ann' }, sha256);
  for (const userId of ['bob', 'ann/market-EURUSD-1h', undefined])
    await assert.rejects(
      elsewhere().fetch({ ...PLACE, userId }, sha256),
      (error) => error instanceof SuhoError && error.code === 'NOT_FOUND',
    );
  const earlier = await store.put(PLACE, randomBytes(100));
  await elsewhere().fetch({ ...PLACE, userId: 'ann' }, earlier.sha256);

  const folderOf = async (userId: string | undefined): Promise<string> =>
    new URL(path.dirname((await store.put({ ...PLACE, userId }, bytes)).uri)).href;
  const user = fc.oneof(
    fc.string({ minLength: 1 }),
    fc.constantFrom(
      '..',
      '.',
      '%2e',
      'user=ann',
      'a/b',
      '../bob',
      'ann/../bob',
      'market-EURUSD-1h',
      '%2E%2E',
    ),
  );
  await fc.assert(
    fc.asyncProperty(user, fc.option(user, { nil: undefined }), async (one, other) => {
      fc.pre(one !== other);
      const [a, b] = [await folderOf(one), await folderOf(other)];
      assert.ok(!`${a}/`.startsWith(`${b}/`) && !`${b}/`.startsWith(`${a}/`), `${a} and ${b}`);
    }),
    { numRuns: 60 },
  );
});

test('every version of a model that was imported has both its files where they belong, also with an encoder that is kept', async (t) => {
  const { registry, inference } = await openEngine(t, temporaryFolder(t));
  const front = await S3Front.start(t);
  const artifacts = storeOn(t, front, temporaryFolder(t));
  const series = {
    tenantId: 'acme',
    userId: 'ann',
    feed: 'market',
    symbol: 'EURUSD',
    timeframe: '1h',
  } as const;
  await registerModel({ registry, artifacts }, { series });
  const given = {
    mapping: { ...PLAIN_MAPPING, task: 'contract' as const },
    series,
    inputVersion: FEATURE_SET_VERSION,
    trainedFrom: 0,
    rows: 0,
    evaluation: undefined,
  };
  for (const trainedThrough of [1, 2]) {
    const tryPair = async (pair: ModelPair) => await inference.check(pair);
    const bytes = plainPredictor(trainedThrough);
    const record = await importModel({ ...given, bytes, trainedThrough }, { registry, artifacts, tryPair });
    const elsewhere = storeOn(t, front, temporaryFolder(t));
    for (const sha256 of [record.modelId, record.encoderId])
      await elsewhere.fetch(artifactPlace(record, record.version), sha256);
  }
  const keys = [...front.objects.keys()];
  assert.equal(keys.length, 6);
  for (const key of keys) assert.match(decodeURIComponent(key), /\/acme\/user=ann\//);
});
