import { ELEMENT, rewriteOnnx, type EditableGraph, type EditableNode } from './model-format.js';

/** What a model's weights can become: 8-bit integers, or 16-bit floats. */
export const PRECISIONS = ['int8', 'fp16'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** Smaller matrices gain nothing. */
const WEIGHTS_MIN = 1_024;
/**
 * Largest integer of a weight: 7 bits and a sign less one. With 8, processors without VNNI saturate in sums of two products, and a
 * model would answer differently from machine to machine.
 */
const WEIGHT_MAX = 63;

/** A model with other weights, and how many matrices were changed. */
export interface Quantized {
  readonly model: Uint8Array;
  readonly matrices: number;
}

/**
 * Stores a model's larger weight matrices in fewer bits. With `int8` each column has its scale, and inputs of a product are quantized
 * as they come, by the range of the whole batch: rows then depend on their batch. With `fp16` products stay as they are.
 */
export function quantize(model: Uint8Array, precision: Precision): Quantized {
  let matrices = 0;
  const changed = rewriteOnnx(model, { quantization: precision }, (graph) => {
    matrices = precision === 'int8' ? toIntegers(graph) : toHalves(graph);
  });
  return { model: changed, matrices };
}

const PRODUCTS: readonly string[] = ['MatMul', 'Gemm'];

/** Names of the matrices by which something is multiplied, with their numbers: those that are large. */
function weightsOf({ nodes, constants }: EditableGraph): Map<string, Matrix> {
  const names = new Set(nodes.filter(({ op }) => PRODUCTS.includes(op)).map(({ inputs }) => inputs[1]!));
  const found = new Map<string, Matrix>();
  for (const { name, dims, elementType, bytes } of constants) {
    if (!names.has(name) || elementType !== ELEMENT.float || dims.length !== 2) continue;
    if (dims[0]! * dims[1]! < WEIGHTS_MIN) continue;
    const values = new Float32Array(new Uint8Array(bytes).buffer);
    found.set(name, { values, rows: dims[0]!, columns: dims[1]! });
  }
  return found;
}

interface Matrix {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

function toIntegers(graph: EditableGraph): number {
  const weights = weightsOf(graph);
  const quantizedInputs = new Set<string>();
  const changed = new Set<string>();
  const nodes: EditableNode[] = [];
  for (const node of graph.nodes) {
    const [input, name, addend] = node.inputs;
    const weight = PRODUCTS.includes(node.op) ? weights.get(name!) : undefined;
    if (weight === undefined || !isPlain(node)) {
      nodes.push(node);
      continue;
    }
    changed.add(name!);
    const [q, scale, zero] = [`${input}.q`, `${input}.scale`, `${input}.zero`];
    if (!quantizedInputs.has(input!))
      nodes.push(operator('DynamicQuantizeLinear', [input!], [q, scale, zero]));
    quantizedInputs.add(input!);
    const [output] = node.outputs;
    const sum = `${output}.sum`;
    nodes.push(
      operator('MatMulInteger', [q, `${name}.q`, zero], [sum]),
      operator('Cast', [sum], [`${sum}.float`], { to: ELEMENT.float }),
      operator('Mul', [scale, `${name}.scale`], [`${output}.scale`]),
    );
    const product = addend === undefined ? output! : `${output}.product`;
    nodes.push(operator('Mul', [`${sum}.float`, `${output}.scale`], [product]));
    if (addend !== undefined) nodes.push(operator('Add', [product, addend], [output!]));
  }
  graph.nodes = nodes;
  const stillRead = new Set(nodes.flatMap(({ inputs }) => inputs));
  graph.constants = graph.constants.filter(({ name }) => !changed.has(name) || stillRead.has(name));
  for (const name of changed) graph.constants.push(...integersOf(name, weights.get(name)!));
  return changed.size;
}

/** Whether a product is one of a matrix as it lies and adds what it is given once. */
function isPlain({ op, plain }: EditableNode): boolean {
  return op === 'MatMul' || plain;
}

function operator(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, number>> = {},
): EditableNode {
  return { op, inputs, outputs, attributes, plain: true };
}

/** Each column times its own scale, which is the largest of it over {@link WEIGHT_MAX}. */
function integersOf(name: string, { values, rows, columns }: Matrix): EditableGraph['constants'] {
  const scales = new Float32Array(columns);
  for (let i = 0; i < values.length; i++)
    scales[i % columns] = Math.max(scales[i % columns]!, Math.abs(values[i]!) / WEIGHT_MAX);
  const integers = Int8Array.from(values, (x, i) => {
    const scale = scales[i % columns]!;
    return scale === 0 ? 0 : Math.round(x / scale);
  });
  return [
    {
      name: `${name}.q`,
      dims: [rows, columns],
      elementType: ELEMENT.int8,
      bytes: new Uint8Array(integers.buffer),
    },
    {
      name: `${name}.scale`,
      dims: [columns],
      elementType: ELEMENT.float,
      bytes: new Uint8Array(scales.buffer),
    },
  ];
}

function toHalves(graph: EditableGraph): number {
  const weights = weightsOf(graph);
  graph.constants = graph.constants.filter(({ name }) => !weights.has(name));
  const casts: EditableNode[] = [];
  for (const [name, { values, rows, columns }] of weights) {
    const halves = Uint16Array.from(values, halfOf);
    graph.constants.push({
      name: `${name}.half`,
      dims: [rows, columns],
      elementType: ELEMENT.half,
      bytes: new Uint8Array(halves.buffer),
    });
    casts.push(operator('Cast', [`${name}.half`], [name], { to: ELEMENT.float }));
  }
  graph.nodes = [...casts, ...graph.nodes];
  return weights.size;
}

/** One float and its bits. */
const FLOAT = new Float32Array(1);
const BITS = new Uint32Array(FLOAT.buffer);

/** The bits of the nearest 16-bit float (IEEE 754 binary16, ties to even); beyond its range the largest finite one. */
export function halfOf(x: number): number {
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const size = Math.abs(x);
  if (size !== size) return 0x7e00;
  if (size >= 65_520) return sign | 0x7bff;
  // The spacing of half floats at this size; below 2^-14 it no longer shrinks.
  FLOAT[0] = size;
  const exponent = Math.max(-14, (BITS[0]! >>> 23) - 127);
  const spacing = 2 ** (exponent - 10);
  const steps = roundToEven(size / spacing);
  // A mantissa that is rounded up to 2048 becomes the next exponent by itself.
  return sign | (steps < 1024 ? steps : ((exponent + 15) << 10) + (steps - 1024));
}

function roundToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
