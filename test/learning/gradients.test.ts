import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InferenceSession, Tensor } from '../../engine/onnx-runtime.js';
import { Graph, type Value } from '../../engine/learning/onnx/graph.js';
import { lstm } from '../../engine/learning/onnx/lstm.js';
import { Random } from '../../engine/learning/random.js';

type Build = (g: Graph, a: Value, b: Value) => Value;

/** One operator at a time, on a (3 × 4 unless another is given) and b of the given shape; the loss is a weighted sum of what comes out. */
const OPERATORS: readonly (readonly [string, readonly number[], Build, (readonly number[])?])[] = [
  ['matMul', [4, 5], (g, a, b) => g.matMul(a, b)],
  ['transpose', [3, 4], (g, a, b) => g.matMul(g.transpose(a), b)],
  ['add', [3, 4], (g, a, b) => g.add(a, b)],
  ['add, broadcast row', [4], (g, a, b) => g.add(a, b)],
  ['add, broadcast scalar', [], (g, a, b) => g.add(a, b)],
  ['sub, broadcast row', [4], (g, a, b) => g.sub(a, b)],
  ['mul', [3, 4], (g, a, b) => g.mul(a, b)],
  ['mul, broadcast row', [4], (g, a, b) => g.mul(a, b)],
  ['div', [3, 4], (g, a, b) => g.div(a, g.add(g.square(b), g.scalar(1)))],
  ['negate', [3, 4], (g, a, b) => g.mul(g.negate(a), b)],
  ['square', [3, 4], (g, a, b) => g.add(g.square(a), b)],
  ['sqrt', [3, 4], (g, a, b) => g.mul(g.sqrt(g.add(g.square(a), g.scalar(0.5))), b)],
  ['relu', [3, 4], (g, a, b) => g.mul(g.relu(a), b)],
  ['tanh', [3, 4], (g, a, b) => g.mul(g.tanh(a), b)],
  ['sigmoid', [3, 4], (g, a, b) => g.mul(g.sigmoid(a), b)],
  ['logSoftmax', [3, 4], (g, a, b) => g.mul(g.logSoftmax(a), b)],
  ['softmax', [3, 4], (g, a, b) => g.mul(g.softmax(a), b)],
  ['softmax of a tensor', [3, 4, 2], (g, a, b) => g.mul(g.softmax(a), b), [3, 4, 2]],
  ['logSoftmax of a tensor', [3, 4, 2], (g, a, b) => g.mul(g.logSoftmax(a), b), [3, 4, 2]],
  ['add, broadcast column', [3, 1], (g, a, b) => g.add(a, b)],
  ['sub, broadcast column', [3, 1], (g, a, b) => g.sub(a, b)],
  ['mul, broadcast column', [3, 1], (g, a, b) => g.mul(a, b)],
  ['div, broadcast column', [3, 1], (g, a, b) => g.div(a, g.add(g.square(b), g.scalar(1)))],
  ['mul, broadcast row of the same rank', [1, 4], (g, a, b) => g.mul(a, b)],
  ['mul, both broadcast', [1, 4], (g, a, b) => g.mul(a, b), [3, 1]],
  ['mul, in the middle', [4, 1, 2], (g, a, b) => g.mul(a, b), [3, 4, 5, 2]],
  ['add, the first to the second', [2, 3, 4], (g, a, b) => g.add(a, b)],
  ['matMul of a tensor and a matrix', [4, 5], (g, a, b) => g.matMul(a, b), [2, 3, 4]],
  ['matMul of tensors', [2, 4, 5], (g, a, b) => g.matMul(a, b), [2, 3, 4]],
  ['transpose of a tensor', [4, 2, 3], (g, a, b) => g.mul(g.transpose(a, [2, 0, 1]), b), [2, 3, 4]],
  ['slice', [3, 2], (g, a, b) => g.mul(g.slice(a, 1, 1, 3), b)],
  ['concat', [3, 2], (g, a, b) => g.square(g.concat([a, b, a], 1))],
  ['long short-term memory', [2, 8], (g, a, b) => g.reshape(lstm(g, a, b, 4), [3, 2]), [12, 8]],
  ['reshape', [6, 2], (g, a, b) => g.mul(g.reshape(a, [6, 2]), b)],
];

for (const [name, shape, build, of = [3, 4]] of OPERATORS) {
  test(`the gradient of ${name} is its finite difference`, async () => {
    const g = new Graph();
    const a = g.input('a', of);
    const b = g.input('b', shape);
    const out = build(g, a, b);
    const dims = out.dims.map(Number);
    const size = dims.reduce((n, d) => n * d, 1);
    const weights = g.constant(
      Array.from({ length: size }, (_, i) => Math.cos(i + 1)),
      dims,
    );
    const loss = g.sum(g.mul(out, weights));
    const [da, db] = g.gradients(loss, [a, b]);
    const session = await InferenceSession.create(
      g.encode('check', [g.named(loss, 'loss'), g.named(da!, 'da'), g.named(db!, 'db')]),
    );
    const random = new Random(4);
    const count = shape.reduce((n, d) => n * d, 1);
    const values = {
      a: Float32Array.from({ length: of.reduce((n, d) => n * d, 1) }, () => random.normal()),
      b: Float32Array.from({ length: count }, () => random.normal()),
    };
    const run = async () =>
      await session.run({
        a: new Tensor('float32', values.a, of),
        b: new Tensor('float32', values.b, shape),
      });
    const at = await run();
    const gradients = { a: at['da']!.data as Float32Array, b: at['db']!.data as Float32Array };
    const step = 1e-2;
    for (const key of ['a', 'b'] as const) {
      assert.equal(gradients[key].length, values[key].length);
      for (let i = 0; i < values[key].length; i++) {
        const before = values[key][i]!;
        const loss2 = async (x: number): Promise<number> => {
          values[key][i] = x;
          return ((await run())['loss']!.data as Float32Array)[0]!;
        };
        const difference = ((await loss2(before + step)) - (await loss2(before - step))) / (2 * step);
        values[key][i] = before;
        assert.ok(
          Math.abs(difference - gradients[key][i]!) < 6e-3 * Math.max(1, Math.abs(difference)),
          `d/d${key}[${i}]: ${gradients[key][i]} against ${difference}`,
        );
      }
    }
    await session.release();
  });
}

test('shapes that do not fit are refused when the graph is built', () => {
  const g = new Graph();
  const a = g.input('a', [3, 4]);
  const free = g.input('free', ['batch', 4]);
  for (const build of [
    () => g.add(a, g.input('b', [3, 2])),
    () => g.mul(a, g.input('c', [3])),
    () => g.sub(free, g.input('d', [5, 4])),
    () => g.matMul(a, g.input('e', [3, 4])),
    () => g.slice(a, 1, 2, 5),
  ])
    assert.throws(build, /do not broadcast|no product|has no part/);
});
