import protobuf from 'protobufjs';

/**
 * The whole of the ONNX file format (onnx.proto, IR version 11) but functions, training and sequences of other types than a
 * graph's own: what is read here is written again without a loss. Files with more were refused before.
 */
const SCHEMA = `
syntax = "proto3";
package onnx;
message StringStringEntryProto { string key = 1; string value = 2; }
message OperatorSetIdProto { string domain = 1; int64 version = 2; }
message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } string denotation = 3; }
message TensorShapeProto { repeated Dimension dim = 1; }
message TensorTypeProto { int32 elem_type = 1; TensorShapeProto shape = 2; }
message SequenceTypeProto { TypeProto elem_type = 1; }
message MapTypeProto { int32 key_type = 1; TypeProto value_type = 2; }
message TypeProto {
  oneof value { TensorTypeProto tensor_type = 1; SequenceTypeProto sequence_type = 4; MapTypeProto map_type = 5; SequenceTypeProto optional_type = 9; }
  string denotation = 6;
}
message ValueInfoProto { string name = 1; TypeProto type = 2; string doc_string = 3; repeated StringStringEntryProto metadata_props = 4; }
message Segment { int64 begin = 1; int64 end = 2; }
message TensorProto {
  repeated int64 dims = 1; int32 data_type = 2; Segment segment = 3; repeated float float_data = 4; repeated int32 int32_data = 5;
  repeated bytes string_data = 6; repeated int64 int64_data = 7; string name = 8; bytes raw_data = 9; repeated double double_data = 10;
  repeated uint64 uint64_data = 11; string doc_string = 12; repeated StringStringEntryProto metadata_props = 16;
}
message SparseTensorProto { TensorProto values = 1; TensorProto indices = 2; repeated int64 dims = 3; }
message AttributeProto {
  string name = 1; float f = 2; int64 i = 3; bytes s = 4; TensorProto t = 5; GraphProto g = 6; repeated float floats = 7;
  repeated int64 ints = 8; repeated bytes strings = 9; repeated TensorProto tensors = 10; repeated GraphProto graphs = 11;
  string doc_string = 13; TypeProto tp = 14; repeated TypeProto type_protos = 15; int32 type = 20; string ref_attr_name = 21;
  SparseTensorProto sparse_tensor = 22; repeated SparseTensorProto sparse_tensors = 23;
}
message NodeProto {
  repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4; repeated AttributeProto attribute = 5;
  string doc_string = 6; string domain = 7; string overload = 8; repeated StringStringEntryProto metadata_props = 9;
}
message TensorAnnotation { string tensor_name = 1; repeated StringStringEntryProto quant_parameter_tensor_names = 2; }
message GraphProto {
  repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5; string doc_string = 10;
  repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12; repeated ValueInfoProto value_info = 13;
  repeated TensorAnnotation quantization_annotation = 14; repeated SparseTensorProto sparse_initializer = 15;
  repeated StringStringEntryProto metadata_props = 16;
}
message ModelProto {
  int64 ir_version = 1; string producer_name = 2; string producer_version = 3; string domain = 4; int64 model_version = 5;
  string doc_string = 6; GraphProto graph = 7; repeated OperatorSetIdProto opset_import = 8;
  repeated StringStringEntryProto metadata_props = 14;
}
`;

const ModelProto = protobuf.parse(SCHEMA, { keepCase: true }).root.lookupType('onnx.ModelProto');

type Integer = number | { toNumber(): number };

interface TypeProto {
  readonly tensor_type?: {
    readonly elem_type: number;
    readonly shape?: {
      readonly dim: readonly { readonly dim_value?: Integer; readonly dim_param?: string }[];
    } | null;
  } | null;
}

export interface ValueInfoProto {
  name: string;
  readonly type?: TypeProto | null;
}

interface TensorProto {
  name: string;
  readonly dims: readonly Integer[];
  readonly data_type: number;
  readonly raw_data: Uint8Array;
}

interface SparseTensorProto {
  readonly values?: { name: string } | null;
}

interface AttributeProto {
  readonly name: string;
  readonly type: number;
  readonly i?: Integer;
  readonly ints?: readonly Integer[];
  readonly strings?: readonly Uint8Array[];
  readonly g?: GraphProto | null;
  readonly graphs?: GraphProto[];
}

export interface NodeProto {
  name: string;
  readonly op_type: string;
  readonly domain: string;
  input: string[];
  output: string[];
  readonly attribute: readonly AttributeProto[];
}

export interface GraphProto {
  name: string;
  node: NodeProto[];
  initializer: TensorProto[];
  readonly sparse_initializer: readonly SparseTensorProto[];
  input: ValueInfoProto[];
  output: ValueInfoProto[];
  value_info: ValueInfoProto[];
  readonly quantization_annotation: {
    tensor_name: string;
    readonly quant_parameter_tensor_names: { value: string }[];
  }[];
}

/** An ONNX model as its file has it; graphs may be changed. */
export interface ModelProto {
  readonly producer_name: string;
  readonly producer_version: string;
  readonly graph: GraphProto;
  opset_import: { domain: string; version: Integer }[];
  metadata_props: { key: string; value: string }[];
}

/** Reads a file that was inspected before. Throws when its bytes are no model. */
export function decodeModel(bytes: Uint8Array): ModelProto {
  return ModelProto.decode(bytes) as unknown as ModelProto;
}

export function encodeModel(model: ModelProto): Uint8Array {
  return ModelProto.encode(model as unknown as protobuf.Message).finish();
}

/** A whole number of the format. */
export function numberOf(x: Integer): number {
  return typeof x === 'number' ? x : x.toNumber();
}
