import {
  ELEMENT,
  ML_DOMAIN,
  encodeOnnx,
  type OnnxAttribute,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from './model-format.js';
import { broadcastDims, repeatedAxes, sameDims, type Dims } from './broadcasting.js';
import { treeAttributes, type PlacedTree } from './tree-attributes.js';

/** A value of a graph under construction. `dims` uses a string for the free batch dimension. */
export interface Value {
  readonly name: string;
  readonly dims: Dims;
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

/**
 * Builds an ONNX graph and differentiates it by reverse-mode accumulation. Every operator knows its gradient
 * in terms of operators, so {@link gradients} only adds nodes. Elementwise operators broadcast as ONNX's do; the gradient
 * is summed back over what was repeated. Shapes that do not fit are refused when the graph is built.
 */
export class Graph {
  readonly #nodes: OnnxNode[] = [];
  readonly #initializers: OnnxTensor[] = [];
  readonly #inputs: OnnxValue[] = [];
  readonly #steps: Step[] = [];
  #names = 0;

  /** Declares an input of the graph. */
  input(name: string, dims: Dims): Value {
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

  /** Product of matrices: of one matrix `b` with all of `a`, or of as many pairs as both have leading dimensions for. */
  matMul(a: Value, b: Value): Value {
    const isOne = b.dims.length === 2;
    if (a.dims.at(-1) !== b.dims.at(-2) || !(isOne || sameDims(a.dims.slice(0, -2), b.dims.slice(0, -2))))
      throw new Error(`There is no product of [${a.dims.join(', ')}] and [${b.dims.join(', ')}].`);
    const output = this.emit('MatMul', [a, b], [...a.dims.slice(0, -1), b.dims.at(-1)!]);
    return this.record(output, [a, b], (g) => {
      if (!isOne) return [this.matMul(g, this.#swapped(b)), this.matMul(this.#swapped(a), g)];
      const rows = (x: Value): Value => (x.dims.length === 2 ? x : this.reshape(x, ['rows', x.dims.at(-1)!]));
      return [this.matMul(g, this.#swapped(b)), this.gemm(rows(a), rows(g), { transA: 1 })];
    });
  }

  /** Product of two matrices, either of them transposed. For the backward pass only. */
  gemm(a: Value, b: Value, { transA = 0, transB = 0 }: { transA?: 0 | 1; transB?: 0 | 1 }): Value {
    return this.emit('Gemm', [a, b], [a.dims[transA]!, b.dims[1 - transB]!], { transA, transB });
  }

  /** The axes of a value in another order; those of a matrix are swapped by default. */
  transpose(a: Value, perm: readonly number[] = [1, 0]): Value {
    const dims = perm.map((axis) => a.dims[axis]!);
    const output = this.emit('Transpose', [a], dims, { perm });
    return this.record(output, [a], (g) => [
      this.transpose(
        g,
        perm.map((_, axis) => perm.indexOf(axis)),
      ),
    ]);
  }

  #swapped(a: Value): Value {
    const last = a.dims.length - 1;
    return this.transpose(a, [...Array(last - 1).keys(), last, last - 1]);
  }

  add(a: Value, b: Value): Value {
    const output = this.emit('Add', [a, b], broadcastDims(a.dims, b.dims));
    return this.record(output, [a, b], (g) => [this.#reduceTo(g, a), this.#reduceTo(g, b)]);
  }

  sub(a: Value, b: Value): Value {
    const output = this.emit('Sub', [a, b], broadcastDims(a.dims, b.dims));
    return this.record(output, [a, b], (g) => [this.#reduceTo(g, a), this.#reduceTo(this.negate(g), b)]);
  }

  mul(a: Value, b: Value): Value {
    const output = this.emit('Mul', [a, b], broadcastDims(a.dims, b.dims));
    return this.record(output, [a, b], (g) => [
      this.#reduceTo(this.mul(g, b), a),
      this.#reduceTo(this.mul(g, a), b),
    ]);
  }

  div(a: Value, b: Value): Value {
    const output = this.emit('Div', [a, b], broadcastDims(a.dims, b.dims));
    return this.record(output, [a, b], (g) => [
      this.#reduceTo(this.div(g, b), a),
      this.#reduceTo(this.negate(this.div(this.mul(g, output), b)), b),
    ]);
  }

  negate(a: Value): Value {
    const output = this.emit('Neg', [a], a.dims);
    return this.record(output, [a], (g) => [this.negate(g)]);
  }

  square(a: Value): Value {
    return this.mul(a, a);
  }

  sqrt(a: Value): Value {
    const output = this.emit('Sqrt', [a], a.dims);
    return this.record(output, [a], (g) => [this.div(this.mul(g, this.scalar(0.5)), output)]);
  }

  relu(a: Value): Value {
    const output = this.emit('Relu', [a], a.dims);
    return this.record(output, [a], (g) => {
      const positive = this.emit('Greater', [a, this.scalar(0)], a.dims);
      return [this.mul(g, this.emit('Cast', [positive], a.dims, { to: ELEMENT.float }))];
    });
  }

  tanh(a: Value): Value {
    const output = this.emit('Tanh', [a], a.dims);
    return this.record(output, [a], (g) => [this.mul(g, this.sub(this.scalar(1), this.square(output)))]);
  }

  sigmoid(a: Value): Value {
    const output = this.emit('Sigmoid', [a], a.dims);
    return this.record(output, [a], (g) => [this.mul(g, this.mul(output, this.sub(this.scalar(1), output)))]);
  }

  /** Log-softmax over the last dimension. */
  logSoftmax(a: Value): Value {
    const output = this.emit('LogSoftmax', [a], a.dims, { axis: -1 });
    return this.record(output, [a], (g) => {
      const total = this.#sumLast(g);
      return [this.sub(g, this.mul(this.softmax(a), total))];
    });
  }

  /** Softmax over the last dimension. */
  softmax(a: Value): Value {
    const output = this.emit('Softmax', [a], a.dims, { axis: -1 });
    return this.record(output, [a], (g) => {
      const weighted = this.mul(g, output);
      return [this.sub(weighted, this.mul(output, this.#sumLast(weighted)))];
    });
  }

  /** The part `from` ≤ index < `to` of one axis. */
  slice(a: Value, axis: number, from: number, to: number): Value {
    const size = a.dims[axis];
    if (typeof size !== 'number' || !(from >= 0 && from < to && to <= size))
      throw new Error(`Axis ${axis} of [${a.dims.join(', ')}] has no part ${from} to ${to}.`);
    const numbers = [[from], [to], [axis]].map((n) => this.integers(n));
    const dims = a.dims.map((d, i) => (i === axis ? to - from : d));
    const output = this.emit('Slice', [a, ...numbers], dims);
    return this.record(output, [a], (g) => {
      const before = a.dims.map((_, i) => (i === axis ? from : 0));
      const after = a.dims.map((_, i) => (i === axis ? size - to : 0));
      return [this.emit('Pad', [g, this.integers([...before, ...after])], a.dims)];
    });
  }

  /** Values one after the other along an axis. */
  concat(parts: readonly Value[], axis: number): Value {
    const sizes = parts.map(({ dims }) => Number(dims[axis]));
    const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const output = this.emit(
      'Concat',
      parts,
      parts[0]!.dims.map((d, i) => (i === axis ? total : d)),
      { axis },
    );
    return this.record(output, parts, (g) =>
      sizes.map((size, i) => this.slice(g, axis, starts[i]!, starts[i]! + size)),
    );
  }

  /** Another shape of the same numbers; a leading `batch` stays free. */
  reshape(a: Value, dims: Dims): Value {
    const shape = this.integers(dims);
    const output = this.emit('Reshape', [a, shape], dims);
    return this.record(output, [a], (g) => [this.reshape(g, a.dims)]);
  }

  /** Sum of all numbers, a scalar. */
  sum(a: Value): Value {
    const output = this.emit('ReduceSum', [a], [], { keepdims: 0 });
    return this.record(output, [a], (g) => {
      const shape = this.emit('Shape', [a], [a.dims.length]);
      return [this.emit('Expand', [g, shape], a.dims)];
    });
  }

  /** `a` where it is a number, `fallback` (a scalar) where it is NaN. For the forward pass only. */
  replaceNaN(a: Value, fallback: Value): Value {
    const missing = this.emit('IsNaN', [a], a.dims);
    return this.emit('Where', [missing, fallback, a], a.dims);
  }

  /** Natural logarithm. For the forward pass only. */
  log(a: Value): Value {
    return this.emit('Log', [a], a.dims);
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
    return this.emit('Clip', [a, this.scalar(low), this.scalar(high)], a.dims);
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
    const { nodes, constants } = this.#leadingTo(outputs);
    return encodeOnnx({
      name,
      nodes,
      initializers: constants,
      inputs: this.#inputs,
      outputs: outputs.map((value) => ({ ...value, elementType: ELEMENT.float })),
      metadata,
    });
  }

  /** The operators and constants that some values depend on: gradients that nobody asked for are left out. */
  #leadingTo(outputs: readonly Value[]): { nodes: OnnxNode[]; constants: OnnxTensor[] } {
    const needed = new Set(outputs.map(({ name }) => name));
    const nodes: OnnxNode[] = [];
    for (const node of [...this.#nodes].reverse()) {
      if (!node.outputs.some((output) => needed.has(output))) continue;
      for (const input of node.inputs) needed.add(input);
      nodes.push(node);
    }
    return { nodes: nodes.reverse(), constants: this.#initializers.filter(({ name }) => needed.has(name)) };
  }

  #name(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }

  /** Adds an operator that gives one value; without a gradient unless it is {@link record}ed. */
  emit(
    op: string,
    inputs: readonly Value[],
    dims: Dims,
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): Value {
    return this.emitAll(op, inputs, [dims], attributes)[0]!;
  }

  /** Adds an operator that gives several values. */
  emitAll(
    op: string,
    inputs: readonly Value[],
    shapes: readonly Dims[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): Value[] {
    const outputs = shapes.map((dims) => ({ name: this.#name('v'), dims }));
    this.#nodes.push({
      op,
      inputs: inputs.map((input) => input.name),
      outputs: outputs.map(({ name }) => name),
      attributes,
    });
    return outputs;
  }

  /** Says how the gradient of `output` flows to `inputs`. */
  record(output: Value, inputs: readonly Value[], backward: Backward): Value {
    this.#steps.push({ output, inputs, backward });
    return output;
  }

  /** A list of whole numbers that an operator takes as an input; a free dimension is −1. */
  integers(list: Dims): Value {
    const name = this.#name('s');
    const numbers = BigInt64Array.from(list.map((d) => BigInt(typeof d === 'number' ? d : -1)));
    this.#initializers.push({
      name,
      dims: [numbers.length],
      elementType: ELEMENT.int64,
      bytes: new Uint8Array(numbers.buffer),
    });
    return { name, dims: [numbers.length] };
  }

  #sumLast(a: Value): Value {
    const axes = this.integers([a.dims.length - 1]);
    return this.emit('ReduceSum', [a, axes], [...a.dims.slice(0, -1), 1], { keepdims: 1 });
  }

  /** Sums a gradient over what `target` was repeated over. */
  #reduceTo(gradient: Value, target: Value): Value {
    if (sameDims(gradient.dims, target.dims)) return gradient;
    const { missing, ones } = repeatedAxes(gradient.dims, target.dims);
    let sum = gradient;
    if (ones.length > 0) {
      const dims = gradient.dims.map((d, i) => (ones.includes(i) ? 1 : d));
      sum = this.emit('ReduceSum', [sum, this.integers(ones)], dims, { keepdims: 1 });
    }
    if (missing.length > 0)
      sum = this.emit('ReduceSum', [sum, this.integers(missing)], target.dims, { keepdims: 0 });
    return sum;
  }
}
