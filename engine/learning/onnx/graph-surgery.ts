import { ELEMENT } from './model-format.js';
import {
  numberOf,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type ValueInfoProto,
} from './whole-format.js';

/** Type of an attribute of one whole number, and of a list of them. */
const ATTRIBUTE_INT = 2;

/** A tensor that goes into a graph or comes out of it. */
export interface Port {
  readonly name: string;
  /** Of {@link ELEMENT}, or a number of the format. */
  readonly elementType: number;
  /** Undefined where the file does not say: a free dimension; the whole, when it does not say how many there are. */
  readonly dims: readonly (number | undefined)[] | undefined;
}

/** What a value is, undefined when it is no tensor. */
export function portOf({ name, type }: ValueInfoProto): Port | undefined {
  const tensor = type?.tensor_type;
  if (tensor === undefined || tensor === null) return undefined;
  const dims = tensor.shape?.dim.map(({ dim_value }) => {
    const known = dim_value === undefined ? 0 : numberOf(dim_value);
    return known > 0 ? known : undefined;
  });
  return { name, elementType: tensor.elem_type, dims };
}

/** Inputs that a caller has to give: initializers may be listed among the inputs too. */
export function freeInputs({ input, initializer }: GraphProto): ValueInfoProto[] {
  const given = new Set(initializer.map(({ name }) => name));
  return input.filter(({ name }) => !given.has(name));
}

/** Gives every value of a graph another name by putting a prefix before it, in the graphs inside its nodes too. */
export function prefixNames(graph: GraphProto, prefix: string): void {
  const renamed = (name: string): string => (name === '' ? '' : prefix + name);
  for (const node of graph.node) {
    node.input = node.input.map(renamed);
    node.output = node.output.map(renamed);
    for (const { g, graphs = [] } of node.attribute)
      for (const inner of g === undefined || g === null ? graphs : [g, ...graphs]) prefixNames(inner, prefix);
  }
  for (const named of [...graph.initializer, ...graph.input, ...graph.output, ...graph.value_info])
    named.name = renamed(named.name);
  for (const { values } of graph.sparse_initializer)
    if (values !== undefined && values !== null) values.name = renamed(values.name);
  for (const annotation of graph.quantization_annotation) {
    annotation.tensor_name = renamed(annotation.tensor_name);
    for (const parameter of annotation.quant_parameter_tensor_names)
      parameter.value = renamed(parameter.value);
  }
}

/**
 * Lets the outputs that a ZipMap makes (a list of one map a row, as scikit-learn and LightGBM have it) be the tensors it makes
 * them from. Returns those, which have a number for each class.
 */
export function withoutZipMaps(graph: GraphProto): Port[] {
  const tensors: Port[] = [];
  for (const node of graph.node.filter(({ op_type }) => op_type === 'ZipMap')) {
    const at = graph.output.findIndex(({ name }) => name === node.output[0]);
    if (at < 0) continue;
    graph.output.splice(at, 1);
    const classes = node.attribute.reduce(
      (count, { ints = [], strings = [] }) => count + ints.length + strings.length,
      0,
    );
    tensors.push({ name: node.input[0]!, elementType: ELEMENT.float, dims: [undefined, classes] });
  }
  graph.node = graph.node.filter(({ op_type }) => op_type !== 'ZipMap');
  return tensors;
}

/** Adds nodes and constants around a graph. Names that it makes begin with its own. */
export class Surroundings {
  readonly nodes: NodeProto[] = [];
  readonly #graph: GraphProto;
  readonly #prefix: string;
  #names = 0;

  constructor(model: ModelProto, prefix: string) {
    this.#graph = model.graph;
    this.#prefix = prefix;
  }

  constant(data: readonly number[], dims: readonly number[]): string {
    return this.#initializer(ELEMENT.float, new Uint8Array(Float32Array.from(data).buffer), dims);
  }

  integers(data: readonly number[]): string {
    const bytes = new Uint8Array(BigInt64Array.from(data, BigInt).buffer);
    return this.#initializer(ELEMENT.int64, bytes, [data.length]);
  }

  /** Adds a node of one output; attributes are whole numbers. */
  add(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, number>> = {},
    output = this.#name(),
  ): string {
    this.nodes.push({
      name: this.#name(),
      op_type: op,
      domain: '',
      input: [...inputs],
      output: [output],
      attribute: Object.entries(attributes).map(([name, i]) => ({ name, type: ATTRIBUTE_INT, i })),
    });
    return output;
  }

  #initializer(elementType: number, bytes: Uint8Array, dims: readonly number[]): string {
    const name = this.#name();
    this.#graph.initializer.push({ name, dims: [...dims], data_type: elementType, raw_data: bytes });
    return name;
  }

  #name(): string {
    return `${this.#prefix}/${this.#names++}`;
  }
}

/** A float tensor of free rows, each of these dimensions, to declare. */
export function floatTensor(name: string, ...row: readonly number[]): ValueInfoProto {
  const dim = [{ dim_param: 'batch' }, ...row.map((size) => ({ dim_value: size }))];
  return { name, type: { tensor_type: { elem_type: ELEMENT.float, shape: { dim } } } };
}
