import {
  ELEMENT,
  ML_DOMAIN,
  encodeOnnx,
  type OnnxAttribute,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from './model-format.js';
import { treeAttributes, type PlacedTree } from './tree-attributes.js';

/** A value of a graph under construction. `dims` uses a string for the free batch dimension. */
export interface Value {
  readonly name: string;
  readonly dims: readonly (number | string)[];
}

/**
 * Backward rule of a node: given the gradient of its output, the gradients of its inputs (undefined where
 * nothing flows). Rules are written in the same operators, so the training step is an ordinary ONNX graph.
 */
type Backward = (gradient: Value) => readonly (Value | undefined)[];

interface Step {
  readonly output: Value;
  readonly inputs: readonly Value[];
  readonly backward: Backward;
}

const same = (a: Value, b: Value): boolean =>
  a.dims.length === b.dims.length && a.dims.every((d, i) => d === b.dims[i]);

/**
 * Builds an ONNX graph and differentiates it by reverse-mode accumulation. Every operator knows its gradient
 * in terms of operators, so {@link gradients} only adds nodes. Elementwise operators broadcast a scalar or a
 * trailing row over a batch; the gradient is summed back over what was broadcast.
 */
export class Graph {
  readonly #nodes: OnnxNode[] = [];
  readonly #initializers: OnnxTensor[] = [];
  readonly #inputs: OnnxValue[] = [];
  readonly #steps: Step[] = [];
  #names = 0;

  /** Declares an input of the graph. */
  input(name: string, dims: readonly (number | string)[]): Value {
    this.#inputs.push({ name, dims, elementType: ELEMENT.float });
    return { name, dims };
  }

  /** A float constant, row-major. */
  constant(data: Float32Array | readonly number[], dims: readonly number[], name = this.#name('c')): Value {
    const floats = Float32Array.from(data);
    this.#initializers.push({ name, dims, elementType: ELEMENT.float, bytes: new Uint8Array(floats.buffer) });
    return { name, dims };
  }

  scalar(value: number): Value {
    return this.constant([value], []);
  }

  matMul(a: Value, b: Value): Value {
    const output = this.#emit('MatMul', [a, b], [...a.dims.slice(0, -1), b.dims.at(-1)!]);
    return this.#record(output, [a, b], (g) => [
      this.matMul(g, this.transpose(b)),
      this.matMul(this.transpose(a), g),
    ]);
  }

  /** Transpose of a matrix. */
  transpose(a: Value): Value {
    const output = this.#emit('Transpose', [a], [a.dims[1]!, a.dims[0]!], { perm: [1, 0] });
    return this.#record(output, [a], (g) => [this.transpose(g)]);
  }

  add(a: Value, b: Value): Value {
    const output = this.#emit('Add', [a, b], wider(a, b));
    return this.#record(output, [a, b], (g) => [this.#reduceTo(g, a), this.#reduceTo(g, b)]);
  }

  sub(a: Value, b: Value): Value {
    const output = this.#emit('Sub', [a, b], wider(a, b));
    return this.#record(output, [a, b], (g) => [this.#reduceTo(g, a), this.#reduceTo(this.negate(g), b)]);
  }

  mul(a: Value, b: Value): Value {
    const output = this.#emit('Mul', [a, b], wider(a, b));
    return this.#record(output, [a, b], (g) => [
      this.#reduceTo(this.mul(g, b), a),
      this.#reduceTo(this.mul(g, a), b),
    ]);
  }

  div(a: Value, b: Value): Value {
    const output = this.#emit('Div', [a, b], wider(a, b));
    return this.#record(output, [a, b], (g) => [
      this.#reduceTo(this.div(g, b), a),
      this.#reduceTo(this.negate(this.div(this.mul(g, output), b)), b),
    ]);
  }

  negate(a: Value): Value {
    const output = this.#emit('Neg', [a], a.dims);
    return this.#record(output, [a], (g) => [this.negate(g)]);
  }

  square(a: Value): Value {
    return this.mul(a, a);
  }

  sqrt(a: Value): Value {
    const output = this.#emit('Sqrt', [a], a.dims);
    return this.#record(output, [a], (g) => [this.div(this.mul(g, this.scalar(0.5)), output)]);
  }

  relu(a: Value): Value {
    const output = this.#emit('Relu', [a], a.dims);
    return this.#record(output, [a], (g) => {
      const positive = this.#emit('Greater', [a, this.scalar(0)], a.dims);
      return [this.mul(g, this.#emit('Cast', [positive], a.dims, { to: ELEMENT.float }))];
    });
  }

  tanh(a: Value): Value {
    const output = this.#emit('Tanh', [a], a.dims);
    return this.#record(output, [a], (g) => [this.mul(g, this.sub(this.scalar(1), this.square(output)))]);
  }

  sigmoid(a: Value): Value {
    const output = this.#emit('Sigmoid', [a], a.dims);
    return this.#record(output, [a], (g) => [
      this.mul(g, this.mul(output, this.sub(this.scalar(1), output))),
    ]);
  }

  /** Log-softmax over the last dimension. */
  logSoftmax(a: Value): Value {
    const output = this.#emit('LogSoftmax', [a], a.dims, { axis: -1 });
    return this.#record(output, [a], (g) => {
      const total = this.#sumLast(g);
      return [this.sub(g, this.mul(this.softmax(a), total))];
    });
  }

  /** Softmax over the last dimension; for the forward pass only. */
  softmax(a: Value): Value {
    return this.#emit('Softmax', [a], a.dims, { axis: -1 });
  }

  /** Another shape of the same numbers; a leading `batch` stays free. */
  reshape(a: Value, dims: readonly (number | string)[]): Value {
    const shape = this.#shape(dims);
    const output = this.#emit('Reshape', [a, shape], dims);
    return this.#record(output, [a], (g) => [this.reshape(g, a.dims)]);
  }

  /** Sum of all numbers, a scalar. */
  sum(a: Value): Value {
    const output = this.#emit('ReduceSum', [a], [], { keepdims: 0 });
    return this.#record(output, [a], (g) => {
      const shape = this.#emit('Shape', [a], [a.dims.length]);
      return [this.#emit('Expand', [g, shape], a.dims)];
    });
  }

  /** `a` where it is a number, `fallback` (a scalar) where it is NaN. For the forward pass only. */
  replaceNaN(a: Value, fallback: Value): Value {
    const missing = this.#emit('IsNaN', [a], a.dims);
    return this.#emit('Where', [missing, fallback, a], a.dims);
  }

  /** Natural logarithm. For the forward pass only. */
  log(a: Value): Value {
    return this.#emit('Log', [a], a.dims);
  }

  /**
   * The sum of what the trees' leaves answer, `targets` numbers a row of `a`, each tree adding its `width` numbers from
   * target `first` on, times its `factor`. For the forward pass only.
   */
  treeEnsemble(a: Value, trees: readonly PlacedTree[], targets: number): Value {
    const name = this.#name('v');
    this.#nodes.push({
      op: 'TreeEnsembleRegressor',
      domain: ML_DOMAIN,
      inputs: [a.name],
      outputs: [name],
      attributes: treeAttributes(trees, targets),
    });
    return { name, dims: [a.dims[0]!, targets] };
  }

  clip(a: Value, low: number, high: number): Value {
    return this.#emit('Clip', [a, this.scalar(low), this.scalar(high)], a.dims);
  }

  /** Gives a value a name of its own, to leave the graph under. */
  named(a: Value, name: string): Value {
    this.#nodes.push({ op: 'Identity', inputs: [a.name], outputs: [name], attributes: {} });
    return { name, dims: a.dims };
  }

  /** Gradients of a scalar with respect to each of `of`. Throws when one does not influence it. */
  gradients(loss: Value, of: readonly Value[]): Value[] {
    const adjoints = new Map<string, Value>([[loss.name, this.scalar(1)]]);
    for (const { output, inputs, backward } of [...this.#steps].reverse()) {
      const gradient = adjoints.get(output.name);
      if (gradient === undefined) continue;
      backward(gradient).forEach((part, i) => {
        const input = inputs[i]!;
        if (part === undefined) return;
        const before = adjoints.get(input.name);
        adjoints.set(input.name, before === undefined ? part : this.add(before, part));
      });
    }
    return of.map((value) => {
      const gradient = adjoints.get(value.name);
      if (gradient === undefined) throw new Error(`${value.name} does not influence ${loss.name}.`);
      return gradient;
    });
  }

  /** The graph as an ONNX file with the given outputs. */
  encode(
    name: string,
    outputs: readonly Value[],
    metadata: Readonly<Record<string, string>> = {},
  ): Uint8Array {
    return encodeOnnx({
      name,
      nodes: this.#nodes,
      initializers: this.#initializers,
      inputs: this.#inputs,
      outputs: outputs.map((value) => ({ ...value, elementType: ELEMENT.float })),
      metadata,
    });
  }

  #name(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }

  #emit(
    op: string,
    inputs: readonly Value[],
    dims: readonly (number | string)[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): Value {
    const name = this.#name('v');
    this.#nodes.push({ op, inputs: inputs.map((input) => input.name), outputs: [name], attributes });
    return { name, dims };
  }

  #record(output: Value, inputs: readonly Value[], backward: Backward): Value {
    this.#steps.push({ output, inputs, backward });
    return output;
  }

  #shape(dims: readonly (number | string)[]): Value {
    const name = this.#name('s');
    const numbers = BigInt64Array.from(dims.map((d) => BigInt(typeof d === 'number' ? d : -1)));
    this.#initializers.push({
      name,
      dims: [numbers.length],
      elementType: ELEMENT.int64,
      bytes: new Uint8Array(numbers.buffer),
    });
    return { name, dims: [numbers.length] };
  }

  #sumLast(a: Value): Value {
    const axes = this.#shape([a.dims.length - 1]);
    return this.#emit('ReduceSum', [a, axes], [...a.dims.slice(0, -1), 1], { keepdims: 1 });
  }

  /** Sums a gradient over the leading dimensions that `target` was broadcast over. */
  #reduceTo(gradient: Value, target: Value): Value {
    if (same(gradient, target)) return gradient;
    if (target.dims.length === 0) return this.#emit('ReduceSum', [gradient], [], { keepdims: 0 });
    const extra = gradient.dims.length - target.dims.length;
    if (extra <= 0) return gradient;
    const axes = this.#shape(Array.from({ length: extra }, (_, i) => i));
    return this.#emit('ReduceSum', [gradient, axes], target.dims, { keepdims: 0 });
  }
}

function wider(a: Value, b: Value): readonly (number | string)[] {
  return a.dims.length >= b.dims.length ? a.dims : b.dims;
}
