import protobuf from 'protobufjs';

/** The part of the ONNX file format (onnx.proto, IR version 10) that the trainer writes and the registry reads. */
const SCHEMA = `
syntax = "proto3";
package onnx;
message StringStringEntryProto { string key = 1; string value = 2; }
message OperatorSetIdProto { string domain = 1; int64 version = 2; }
message Dimension { int64 dim_value = 1; string dim_param = 2; }
message TensorShapeProto { repeated Dimension dim = 1; }
message TensorTypeProto { int32 elem_type = 1; TensorShapeProto shape = 2; }
message TypeProto { TensorTypeProto tensor_type = 1; }
message ValueInfoProto { string name = 1; TypeProto type = 2; }
message TensorProto {
  repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9;
  repeated StringStringEntryProto external_data = 13; int32 data_location = 14;
}
message SparseTensorProto { TensorProto values = 1; TensorProto indices = 2; }
message AttributeProto {
  string name = 1; float f = 2; int64 i = 3; bytes s = 4; TensorProto t = 5; GraphProto g = 6;
  repeated float floats = 7; repeated int64 ints = 8; repeated bytes strings = 9; repeated TensorProto tensors = 10; repeated GraphProto graphs = 11;
  int32 type = 20; SparseTensorProto sparse_tensor = 22; repeated SparseTensorProto sparse_tensors = 23;
}
message NodeProto {
  repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4;
  repeated AttributeProto attribute = 5; string domain = 7;
}
message GraphProto {
  repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5;
  repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
  repeated SparseTensorProto sparse_initializer = 15;
}
message ModelProto {
  int64 ir_version = 1; string producer_name = 2; string producer_version = 3; GraphProto graph = 7;
  repeated OperatorSetIdProto opset_import = 8; repeated StringStringEntryProto metadata_props = 14;
  repeated bytes training_info = 20; repeated bytes functions = 25;
}
`;

const ModelProto = protobuf.parse(SCHEMA, { keepCase: true }).root.lookupType('onnx.ModelProto');

const PRODUCER = 'suho';

/** Domain of the operators for trees. */
export const ML_DOMAIN = 'ai.onnx.ml';

export const ELEMENT = { float: 1, int8: 3, int64: 7, bool: 9, half: 10 } as const;
const ATTRIBUTE = { float: 1, int: 2, string: 3, floats: 6, ints: 7, strings: 8 } as const;

export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly elementType: number;
  readonly bytes: Uint8Array;
}

export type OnnxAttribute =
  | number
  | readonly number[]
  | string
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] };

export interface OnnxNode {
  readonly op: string;
  /** Where the operator is defined; ai.onnx by default. */
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** A value that enters or leaves the graph; a dimension that is a string is free (the batch). */
export interface OnnxValue {
  readonly name: string;
  readonly dims: readonly (number | string)[];
  readonly elementType: number;
}

export interface OnnxModel {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly metadata: Readonly<Record<string, string>>;
}

const textEncoder = new TextEncoder();

function attribute(name: string, value: OnnxAttribute): Record<string, unknown> {
  if (typeof value === 'number') return { name, i: value, type: ATTRIBUTE.int };
  if (typeof value === 'string') return { name, s: textEncoder.encode(value), type: ATTRIBUTE.string };
  if ('floats' in value) return { name, floats: value.floats, type: ATTRIBUTE.floats };
  if ('strings' in value) {
    const strings = value.strings.map((text) => textEncoder.encode(text));
    return { name, strings, type: ATTRIBUTE.strings };
  }
  if ('float' in value) return { name, f: value.float, type: ATTRIBUTE.float };
  return { name, ints: value, type: ATTRIBUTE.ints };
}

function valueInfo({ name, dims, elementType }: OnnxValue): Record<string, unknown> {
  const dim = dims.map((d) => (typeof d === 'number' ? { dim_value: d } : { dim_param: d }));
  return { name, type: { tensor_type: { elem_type: elementType, shape: { dim } } } };
}

function nodeProto(node: OnnxNode, i: number): Record<string, unknown> {
  return {
    name: `${node.op}_${i}`,
    op_type: node.op,
    domain: node.domain ?? '',
    input: node.inputs,
    output: node.outputs,
    attribute: Object.entries(node.attributes).map(([name, value]) => attribute(name, value)),
  };
}

function tensorProto({ name, dims, elementType, bytes }: OnnxTensor): Record<string, unknown> {
  return { name, dims, data_type: elementType, raw_data: bytes };
}

/** Writes an ONNX file (opset 17; operators for trees of ai.onnx.ml 3). */
export function encodeOnnx(model: OnnxModel): Uint8Array {
  const message = ModelProto.create({
    ir_version: 9,
    producer_name: PRODUCER,
    opset_import: [
      { domain: '', version: 17 },
      ...(model.nodes.some(({ domain }) => domain === ML_DOMAIN) ? [{ domain: ML_DOMAIN, version: 3 }] : []),
    ],
    metadata_props: Object.entries(model.metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: model.name,
      node: model.nodes.map(nodeProto),
      initializer: model.initializers.map(tensorProto),
      input: model.inputs.map(valueInfo),
      output: model.outputs.map(valueInfo),
    },
  });
  return ModelProto.encode(message).finish();
}

/** What is checked of an ONNX file before any of it runs. */
export interface OnnxSummary {
  readonly opsets: readonly { readonly domain: string; readonly version: number }[];
  readonly operators: readonly string[];
  readonly customDomains: readonly string[];
  readonly externalData: boolean;
  /** Whether it defines functions of its own. */
  readonly functions: boolean;
  /** Whether it holds a graph for training. */
  readonly training: boolean;
  readonly metadata: Readonly<Record<string, string>>;
}

interface DecodedTensor {
  readonly data_location: number;
  readonly external_data: readonly unknown[];
}

interface DecodedSparseTensor {
  readonly values: DecodedTensor | null;
  readonly indices: DecodedTensor | null;
}

interface DecodedAttribute {
  readonly t: DecodedTensor | null;
  readonly g: DecodedGraph | null;
  readonly tensors: readonly DecodedTensor[];
  readonly graphs: readonly DecodedGraph[];
  readonly sparse_tensor: DecodedSparseTensor | null;
  readonly sparse_tensors: readonly DecodedSparseTensor[];
}

interface DecodedGraph {
  readonly node: readonly {
    readonly op_type: string;
    readonly domain: string;
    readonly attribute: readonly DecodedAttribute[];
  }[];
  readonly initializer: readonly DecodedTensor[];
  readonly sparse_initializer: readonly DecodedSparseTensor[];
}

interface DecodedModel {
  readonly graph: DecodedGraph | null;
  readonly opset_import: readonly {
    readonly domain: string;
    readonly version: number | { toNumber(): number };
  }[];
  readonly metadata_props: readonly { readonly key: string; readonly value: string }[];
  readonly training_info: readonly unknown[];
  readonly functions: readonly unknown[];
}

const STANDARD_DOMAINS: readonly string[] = ['', 'ai.onnx', 'ai.onnx.ml'];

/** A graph and those inside its nodes, however deep. */
function* graphsOf(graph: DecodedGraph): Generator<DecodedGraph> {
  yield graph;
  for (const { attribute: attributes } of graph.node)
    for (const { g, graphs } of attributes)
      for (const inner of g === null ? graphs : [g, ...graphs]) yield* graphsOf(inner);
}

function* tensorsOf(graph: DecodedGraph): Generator<DecodedTensor> {
  const sparse = [...graph.sparse_initializer];
  yield* graph.initializer;
  for (const { attribute: attributes } of graph.node) {
    for (const { t, tensors, sparse_tensor, sparse_tensors } of attributes) {
      if (t !== null) yield t;
      yield* tensors;
      if (sparse_tensor !== null) sparse.push(sparse_tensor);
      sparse.push(...sparse_tensors);
    }
  }
  for (const { values, indices } of sparse) {
    if (values !== null) yield values;
    if (indices !== null) yield indices;
  }
}

/** Reads what an ONNX file says of itself; throws when the bytes are not one. */
export function summariseOnnx(bytes: Uint8Array): OnnxSummary {
  const model = ModelProto.decode(bytes) as unknown as DecodedModel;
  if (model.graph === null || model.graph.node.length === 0) throw new Error('it holds no graph');
  const graphs = [...graphsOf(model.graph)];
  const nodes = graphs.flatMap(({ node }) => node);
  return {
    opsets: model.opset_import.map(({ domain, version }) => ({
      domain,
      version: typeof version === 'number' ? version : version.toNumber(),
    })),
    operators: [...new Set(nodes.map(({ op_type }) => op_type))],
    customDomains: [
      ...new Set(nodes.map(({ domain }) => domain).filter((domain) => !STANDARD_DOMAINS.includes(domain))),
    ],
    externalData: graphs.some((graph) =>
      [...tensorsOf(graph)].some(
        ({ data_location, external_data }) => data_location !== 0 || external_data.length > 0,
      ),
    ),
    functions: model.functions.length > 0,
    training: model.training_info.length > 0,
    metadata: Object.fromEntries(model.metadata_props.map(({ key, value }) => [key, value])),
  };
}

/** A node of a file that is being changed; it keeps what it has beside this. */
export interface EditableNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Of new nodes; those of old ones stay. */
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
  /** Whether it has no attributes but their default values of 0 and 1. */
  readonly plain: boolean;
}

/** The part of a file's graph that a change may touch. */
export interface EditableGraph {
  nodes: readonly EditableNode[];
  constants: OnnxTensor[];
}

interface RawNode {
  readonly op_type: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly { readonly name: string; readonly i: unknown; readonly f: number }[];
}

interface RawTensor {
  readonly name: string;
  readonly dims: readonly (number | { toNumber(): number })[];
  readonly data_type: number;
  readonly raw_data: Uint8Array;
}

/**
 * Changes a file that this trainer wrote: its nodes and constants, and some metadata. What other exporters write may hold more than
 * is read here; a file that is not `suho`'s is refused.
 */
export function rewriteOnnx(
  bytes: Uint8Array,
  metadata: Readonly<Record<string, string>>,
  change: (graph: EditableGraph) => void,
): Uint8Array {
  const model = ModelProto.decode(bytes) as unknown as {
    readonly producer_name: string;
    readonly graph: { node: unknown[]; initializer: unknown[] };
    metadata_props: { key: string; value: string }[];
  };
  if (model.producer_name !== PRODUCER) throw new Error('it was not trained here');
  const raws = new Map<EditableNode, unknown>();
  const nodes = (model.graph.node as RawNode[]).map((raw) => {
    const node = {
      op: raw.op_type,
      inputs: raw.input,
      outputs: raw.output,
      attributes: {},
      plain: raw.attribute.length === 0,
    };
    raws.set(node, raw);
    return node;
  });
  const known = new Map<OnnxTensor, unknown>();
  const constants = (model.graph.initializer as RawTensor[]).map((raw) => {
    const tensor = {
      name: raw.name,
      dims: raw.dims.map((d) => (typeof d === 'number' ? d : d.toNumber())),
      elementType: raw.data_type,
      bytes: raw.raw_data,
    };
    known.set(tensor, raw);
    return tensor;
  });
  const graph: EditableGraph = { nodes, constants };
  change(graph);
  model.graph.node = graph.nodes.map(
    (node, i) => raws.get(node) ?? { ...nodeProto(node, i), name: `changed_${i}` },
  );
  model.graph.initializer = graph.constants.map((tensor) => known.get(tensor) ?? tensorProto(tensor));
  model.metadata_props = Object.entries({
    ...Object.fromEntries(model.metadata_props.map(({ key, value }) => [key, value])),
    ...metadata,
  }).map(([key, value]) => ({ key, value }));
  return ModelProto.encode(model).finish();
}
