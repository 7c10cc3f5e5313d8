import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import protobuf from 'protobufjs';
import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { SuhoError } from '../../engine/errors.js';
import { ModelTrials, type TrialLimits } from '../../engine/inference/model-trials.js';
import { encodeOnnx, ELEMENT } from '../../engine/learning/onnx/model-format.js';
import { faultOf } from '../../engine/learning/onnx/model-inspection.js';
import { afterTest } from '../support/cleanup.js';
import { temporaryFolder } from '../support/engine.js';
import { modelFile, plainEncoder, plainPair, plainPredictor } from '../support/models.js';

function openTrials(t: TestContext, limits?: TrialLimits): ModelTrials {
  const trials = new ModelTrials(limits);
  afterTest(t, () => trials.close());
  return trials;
}

const badModel = (words: RegExp) => (error: unknown) =>
  error instanceof SuhoError && error.code === 'BAD_MODEL' && words.test(error.message);

/** Appends a field to a protobuf message: what is appended is merged with what is there. */
function withField(message: Uint8Array, number: number, value: Uint8Array): Uint8Array {
  const field = protobuf.Writer.create()
    .uint32((number << 3) | 2)
    .bytes(value)
    .finish();
  return Buffer.concat([message, field]);
}
const field = (number: number, value: Uint8Array): Uint8Array => withField(new Uint8Array(), number, value);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const varint = (number: number, value: number): Uint8Array =>
  protobuf.Writer.create()
    .uint32(number << 3)
    .uint32(value)
    .finish();

const GRAPH = 7;
const NODE = 1;
const externalTensor = Buffer.concat([
  field(13, Buffer.concat([field(1, text('location')), field(2, text('/etc/passwd'))])),
  varint(14, 1),
]);
const nodeWith = (attribute: Uint8Array): Uint8Array => field(NODE, field(5, attribute));

/** What a hostile or foreign file may hold, each beside a model that is well. */
const REFUSED: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['data in another file', field(GRAPH, field(5, externalTensor)), /data in other files/],
  ['such data in a constant', field(GRAPH, nodeWith(field(5, externalTensor))), /data in other files/],
  [
    'such data in a list of constants',
    field(GRAPH, nodeWith(field(10, externalTensor))),
    /data in other files/,
  ],
  [
    'such data in a subgraph',
    field(GRAPH, nodeWith(field(6, field(5, externalTensor)))),
    /data in other files/,
  ],
  [
    'such data in a branch of many',
    field(GRAPH, nodeWith(field(11, field(5, externalTensor)))),
    /data in other files/,
  ],
  ['such data in a sparse tensor', field(GRAPH, field(15, field(1, externalTensor))), /data in other files/],
  [
    'such data in a sparse constant',
    field(GRAPH, nodeWith(field(22, field(2, externalTensor)))),
    /data in other files/,
  ],
  [
    'an operator of another domain',
    field(GRAPH, field(NODE, field(7, text('com.evil')))),
    /operators of com\.evil/,
  ],
  [
    'one in a subgraph',
    field(GRAPH, nodeWith(field(6, field(NODE, field(7, text('com.microsoft')))))),
    /com\.microsoft/,
  ],
  ['a loop', field(GRAPH, field(NODE, field(4, text('Loop')))), /Loop, whose running time has no bound/],
  ['a function', field(25, field(1, text('f'))), /functions of its own/],
  ['a training graph', field(20, field(1, new Uint8Array())), /training graph/],
  ['an opset of the future', field(8, varint(2, 99)), /opset 99/],
  ['an opset of the past', field(8, varint(2, 3)), /opset 3/],
];

test('a file that needs more than itself and standard operators is refused before any of it runs', () => {
  assert.equal(faultOf(plainPredictor()), undefined);
  for (const [name, addition, words] of REFUSED)
    assert.match(faultOf(Buffer.concat([plainPredictor(), addition])) ?? 'nothing found', words, name);
});

test('bytes that are cut or foreign are refused, wherever they are cut', () => {
  const whole = plainEncoder();
  for (const part of [0, 1, 10, 500, whole.length >> 1, whole.length - 1])
    assert.match(faultOf(whole.subarray(0, part)) ?? 'nothing found', /cannot be read/, `${part} bytes`);
  assert.match(faultOf(text('this is no model')) ?? 'nothing found', /cannot be read/);
});

test('a pair that keeps the contract passes, also after one that does not; each fault is a sentence', async (t) => {
  const folder = temporaryFolder(t);
  const trials = openTrials(t);
  const pair = plainPair(folder);
  assert.deepEqual(await trials.run(pair), { batchInvariant: true });
  const hostile = {
    ...pair,
    predictor: modelFile(folder, Buffer.concat([plainPredictor(), REFUSED[0]![1]])),
  };
  await assert.rejects(trials.run(hostile), badModel(/data in other files/));
  await assert.rejects(
    trials.run({ predictor: pair.encoder, encoder: pair.encoder }),
    badModel(/"probabilities" must hold/),
  );
  await assert.rejects(
    trials.run({ ...pair, encoder: { ...pair.encoder, path: `${folder}/none` } }),
    badModel(/cannot be read/),
  );
  assert.deepEqual(await Promise.all([trials.run(pair), trials.run(pair)]), [
    { batchInvariant: true },
    { batchInvariant: true },
  ]);
});

/** A predictor that makes a square of `side` × `side` numbers on the way, `times` times. */
function greedyPredictor(side: number, times: number): Uint8Array {
  const float = (name: string, dims: readonly number[]) => ({ name, dims, elementType: ELEMENT.float });
  const one = new Uint8Array(Float32Array.of(1e-3).buffer);
  const shape = new Uint8Array(BigInt64Array.of(BigInt(side), BigInt(side)).buffer);
  return encodeOnnx({
    name: 'greedy',
    nodes: [
      // Of the batch, so that it is not folded away when the file is opened.
      { op: 'ReduceMean', inputs: ['features'], outputs: ['scalar'], attributes: { keepdims: 0 } },
      { op: 'Expand', inputs: ['scalar', 'shape'], outputs: ['m0'], attributes: {} },
      ...Array.from({ length: times }, (_, i) => ({
        op: 'MatMul',
        inputs: [`m${i}`, 'm0'],
        outputs: [`m${i + 1}`],
        attributes: {},
      })),
      { op: 'ReduceMean', inputs: [`m${times}`], outputs: ['probabilities'], attributes: { keepdims: 0 } },
      { op: 'Mul', inputs: ['probabilities', 'one'], outputs: ['returns'], attributes: {} },
    ],
    initializers: [
      { ...float('one', []), bytes: one },
      { name: 'shape', dims: [2], elementType: ELEMENT.int64, bytes: shape },
    ],
    inputs: [{ ...float('features', []), dims: ['batch', FEATURE_COUNT] }],
    outputs: [float('probabilities', []), float('returns', [])],
    metadata: {},
  });
}

test('a model that takes too much time or memory is ended, and the next is tried all the same', async (t) => {
  const folder = temporaryFolder(t);
  const pair = plainPair(folder);
  const slow = openTrials(t, { cpuMs: 1_500, patienceMs: 120_000, megabytes: 4_000 });
  await assert.rejects(
    slow.run({ ...pair, predictor: modelFile(folder, greedyPredictor(1_500, 5_000)) }),
    badModel(/more than 1.5 s of CPU time|SIGKILL/),
  );
  const large = openTrials(t, { cpuMs: 60_000, patienceMs: 120_000, megabytes: 200 });
  await assert.rejects(
    large.run({ ...pair, predictor: modelFile(folder, greedyPredictor(12_000, 3)) }),
    badModel(/more than 200 MB/),
  );
  assert.deepEqual(await large.run(pair), { batchInvariant: true });
});

test('a model that a busy machine has no time to try is not called bad, and is tried again', async (t) => {
  const pair = plainPair(temporaryFolder(t));
  const hurried = openTrials(t, { cpuMs: 60_000, patienceMs: 1, megabytes: 1_024 });
  await assert.rejects(hurried.run(pair), (error: unknown) => {
    assert.ok(error instanceof SuhoError);
    return (
      error.code === 'DEADLINE' && /not tried within 0.001 s; the machine may be busy/.test(error.message)
    );
  });
  const patient = openTrials(t, { cpuMs: 60_000, patienceMs: 120_000, megabytes: 1_024 });
  assert.deepEqual(await patient.run(pair), { batchInvariant: true });
});
