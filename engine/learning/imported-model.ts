import { CATALOGUE, FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { HORIZONS } from '../../actors/features/labels.js';
import { CHANNEL_COUNT, SEQUENCE_BARS } from '../../actors/features/sequence-channels.js';
import { SuhoError, messageOf, quoted } from '../errors.js';
import {
  Surroundings,
  floatTensor,
  freeInputs,
  portOf,
  prefixNames,
  withoutZipMaps,
  type Port,
} from './onnx/graph-surgery.js';
import { ELEMENT } from './onnx/model-format.js';
import { faultOf } from './onnx/model-inspection.js';
import { decodeModel, encodeModel, numberOf, type ModelProto } from './onnx/whole-format.js';

const WIDTH = HORIZONS.length;
const CLASSES = WIDTH * 3;
const DOUBLE = 11;
/** IsNaN and Where came with it. */
const OPSET_MIN = 9;
/** For a file that uses none but operators of ai.onnx.ml. */
const OPSET_OWN = 17;
const PREFIX = 'model/';

/** What a file's output means. */
export const IMPORT_TASKS = ['directions', 'updown', 'return', 'contract'] as const;
export type ImportTask = (typeof IMPORT_TASKS)[number];

/** What a file takes: rows of features, or the sequence channels of the last bars. */
export const IMPORT_CONTRACTS = ['row', 'sequence'] as const;
export type ImportContract = (typeof IMPORT_CONTRACTS)[number];

/** How a file from elsewhere is to be understood. */
export interface ImportMapping {
  readonly contract: ImportContract;
  /**
   * `directions`: probabilities of three classes over one horizon; `updown`: of down and up, or of up alone; `return`: the
   * expected return; `contract`: `probabilities` (rows × 9) and `returns` (rows × 3) as Suho's own models have them.
   */
  readonly task: ImportTask;
  /** Index of the horizon it predicts. Nothing is said of the others. */
  readonly horizon: number;
  /** Output to take, where there are several. */
  readonly output: string | undefined;
  /** `row`: features it takes in this order, by name; all of the catalogue without it. */
  readonly features: readonly string[] | undefined;
  /** Number that stands for a feature that is not known; NaN is passed on without it. */
  readonly fill: number | undefined;
  /** Whether the output is logits, to be put through a softmax or, one alone, a sigmoid. */
  readonly isLogits: boolean;
  /** Order of the classes of `directions`, each −1, 0 or 1. */
  readonly classes: readonly number[];
  /** Return that goes with down, flat and up. */
  readonly classReturns: readonly number[];
  /** `updown`: probability that is left to flat. */
  readonly flatShare: number;
  /** `return`: standard deviation of its errors, and the return below which a move counts as flat. */
  readonly deviation: number | undefined;
  readonly deadZone: number;
}

/** A file that keeps the contract, and what made it. */
export interface AdaptedModel {
  readonly bytes: Uint8Array;
  readonly producer: string;
  /** What the file says of itself. */
  readonly metadata: Readonly<Record<string, string>>;
}

function refuse(why: string): SuhoError {
  return new SuhoError('BAD_MODEL', `The file cannot be imported: ${why}.`);
}

/** Reads what a file says of itself, after all that can be checked without running it. Throws `BAD_MODEL`. */
export function inspectImport(bytes: Uint8Array): Pick<AdaptedModel, 'producer' | 'metadata'> {
  const fault = faultOf(bytes);
  if (fault !== undefined) throw refuse(fault);
  const { producer_name, producer_version, metadata_props } = decoded(bytes);
  return {
    producer: `${producer_name} ${producer_version}`.trim() || 'unknown',
    metadata: Object.fromEntries(metadata_props.map(({ key, value }) => [key, value])),
  };
}

function decoded(bytes: Uint8Array): ModelProto {
  try {
    return decodeModel(bytes);
  } catch (error) {
    throw refuse(`it cannot be read (${messageOf(error)})`);
  }
}

/**
 * Puts around a model from elsewhere what makes it keep the contract: it takes rows of all features in model form, or sequences, and gives the
 * probabilities and expected returns of all horizons. Of horizons it does not predict it says that nothing is known: a third
 * each, and no return. Throws `BAD_MODEL` with what does not fit.
 */
export function adaptModel(
  bytes: Uint8Array,
  mapping: ImportMapping,
  metadata: Readonly<Record<string, string>>,
): AdaptedModel {
  const of = inspectImport(bytes);
  const model = decoded(bytes);
  withOpset(model);
  const { graph } = model;
  const zipped = withoutZipMaps(graph);
  const [input, ...others] = freeInputs(graph);
  if (input === undefined || others.length > 0)
    throw refuse(
      `it has ${others.length + (input === undefined ? 0 : 1)} inputs; a model takes one, ${mapping.contract === 'row' ? 'rows of features' : 'sequences'}`,
    );
  const columns = columnsOf(mapping);
  const taken = checkedInput(
    portOf(input),
    input.name,
    mapping.contract === 'row' ? [columns.length] : [SEQUENCE_BARS, CHANNEL_COUNT],
  );
  const outputs = outputsOf(
    graph.output.map((each) => [each.name, portOf(each)]),
    zipped,
  );
  const chosen = mapping.task === 'contract' ? undefined : choose(outputs, mapping);

  prefixNames(graph, PREFIX);
  const before = new Surroundings(model, 'before');
  feed(before, mapping, columns, taken);
  const after = new Surroundings(model, 'after');
  const [probabilities, returns] =
    chosen === undefined ? contractOutputs(after, outputs) : answer(after, chosen, mapping);
  after.add('Identity', [probabilities], {}, 'probabilities');
  after.add('Identity', [returns], {}, 'returns');
  graph.node = [...before.nodes, ...graph.node, ...after.nodes];
  graph.input = [
    mapping.contract === 'row'
      ? floatTensor('features', FEATURE_COUNT)
      : floatTensor('sequence', SEQUENCE_BARS, CHANNEL_COUNT),
  ];
  graph.output = [floatTensor('probabilities', CLASSES), floatTensor('returns', WIDTH)];
  model.metadata_props = Object.entries({ ...of.metadata, ...metadata }).map(([key, value]) => ({
    key,
    value,
  }));
  return { ...of, bytes: encodeModel(model) };
}

function withOpset(model: ModelProto): void {
  const standard = model.opset_import.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  if (standard === undefined) model.opset_import.push({ domain: '', version: OPSET_OWN });
  else if (numberOf(standard.version) < OPSET_MIN)
    throw refuse(`it is of opset ${numberOf(standard.version)}; export it with ${OPSET_MIN} or newer`);
}

function columnsOf({ contract, features }: ImportMapping): readonly number[] {
  if (features === undefined) return CATALOGUE.map((_, column) => column);
  if (contract === 'sequence')
    throw refuse('features were named, and the sequence contract has channels; leave --features out');
  const columns = features.map((name) => CATALOGUE.findIndex((spec) => spec.name === name));
  const unknown = features.filter((_, i) => columns[i]! < 0);
  if (unknown.length > 0)
    throw refuse(
      `it takes ${unknown.slice(0, 3).map(quoted).join(', ')}, which the catalogue does not have; suho features list shows what there is`,
    );
  return columns;
}

/** The one input, when each of its rows has these dimensions: so many features, or bars and channels. */
function checkedInput(port: Port | undefined, name: string, wanted: readonly number[]): Port {
  const its = `its input ${quoted(name)}`;
  if (port === undefined || (port.elementType !== ELEMENT.float && port.elementType !== DOUBLE))
    throw refuse(`${its} is no tensor of floats`);
  const { dims } = port;
  if (dims === undefined) return port;
  const [rows, ...row] = dims;
  if (row.length !== wanted.length)
    throw refuse(
      wanted.length === 1
        ? `${its} has ${dims.length} dimensions; rows of features have two`
        : `${its} has ${dims.length} dimensions; sequences have three: rows, ${wanted.join(' bars, ')} channels`,
    );
  const other = row.findIndex((size, i) => size !== undefined && size !== wanted[i]);
  if (other >= 0)
    throw refuse(
      wanted.length === 1
        ? `${its} takes ${row[0]} features a row and is to be given ${wanted[0]}; name those it takes with --features`
        : `${its} takes ${row[other]} ${other === 0 ? 'bars' : 'channels'}, and a sequence has ${wanted[other]}, oldest bar first`,
    );
  if (rows !== undefined)
    throw refuse(`${its} takes ${rows} rows at a time; export it with a free (dynamic) first dimension`);
  return port;
}

/** Outputs that are tensors of floats; of a ZipMap's, the tensor it was made from. */
function outputsOf(
  outputs: readonly (readonly [string, Port | undefined])[],
  zipped: readonly Port[],
): Port[] {
  const tensors = outputs.flatMap(([, port]) =>
    port !== undefined && (port.elementType === ELEMENT.float || port.elementType === DOUBLE) ? [port] : [],
  );
  return [...tensors, ...zipped];
}

/** Numbers a row that the output of a task may have. */
const WIDTHS: Readonly<Record<Exclude<ImportTask, 'contract'>, readonly number[]>> = {
  directions: [3],
  updown: [1, 2],
  return: [1],
};

interface ChosenOutput {
  readonly port: Port;
  readonly task: Exclude<ImportTask, 'contract'>;
  readonly width: number;
}

function choose(outputs: readonly Port[], { task, output }: ImportMapping): ChosenOutput {
  if (task === 'contract') throw new Error('A contract has two outputs of its own.');
  const widths = WIDTHS[task];
  const named = output === undefined ? outputs : outputs.filter(({ name }) => name === output);
  const there = outputs.map(({ name }) => quoted(name)).join(', ') || 'none';
  if (named.length === 0)
    throw refuse(
      output === undefined
        ? 'it has no output of floats'
        : `it has no output ${quoted(output)} of floats; there is ${there}`,
    );
  const fitting = named.filter((port) => widths.includes(widthOf(port) ?? widths.at(-1)!));
  if (fitting.length === 0)
    throw refuse(
      `its output ${quoted(named[0]!.name)} has ${widthOf(named[0]!)} numbers a row; ${task} takes ${widths.join(' or ')}`,
    );
  if (fitting.length > 1) throw refuse(`its outputs ${there} are several that fit; name one with --output`);
  const [port] = fitting;
  return { port: port!, task, width: widthOf(port!) ?? widths.at(-1)! };
}

/** Numbers a row of an output, undefined where the file does not say. One dimension is one number a row. */
function widthOf({ dims }: Port): number | undefined {
  return dims === undefined ? undefined : dims.length === 1 ? 1 : dims.at(-1);
}

/** Hands the features, or the sequence, to the model's own input. */
function feed(
  g: Surroundings,
  { contract, features, fill }: ImportMapping,
  columns: readonly number[],
  { name, elementType }: Port,
): void {
  let value = contract === 'row' ? 'features' : 'sequence';
  if (features !== undefined) value = g.add('Gather', [value, g.integers(columns)], { axis: 1 });
  if (fill !== undefined) value = g.add('Where', [g.add('IsNaN', [value]), g.constant([fill], []), value]);
  g.add('Cast', [value], { to: elementType }, PREFIX + name);
}

function contractOutputs(g: Surroundings, outputs: readonly Port[]): [string, string] {
  const of = (name: string, width: number): string => {
    const port = outputs.find((each) => each.name === name);
    if (port === undefined)
      throw refuse(`it has no output "${name}" of floats; say with --task what its output is`);
    const found = widthOf(port);
    if (found !== undefined && found !== width)
      throw refuse(`its output "${name}" has ${found} numbers a row; the contract has ${width}`);
    return g.add('Cast', [PREFIX + name], { to: ELEMENT.float });
  };
  return [of('probabilities', CLASSES), of('returns', WIDTH)];
}

/** Probabilities (rows × 9) and returns (rows × 3) of a model's one output. */
function answer(
  g: Surroundings,
  { port, task, width }: ChosenOutput,
  mapping: ImportMapping,
): [string, string] {
  const { horizon, isLogits } = mapping;
  const floats = g.add('Cast', [PREFIX + port.name], { to: ELEMENT.float });
  let value = g.add('Reshape', [floats, g.integers([-1, width])]);
  if (isLogits) value = width === 1 ? g.add('Sigmoid', [value]) : g.add('Softmax', [value], { axis: 1 });
  const three = task === 'return' ? ofReturn(g, value, mapping) : ofClasses(g, value, task, width, mapping);
  // To the columns of the horizon; a third each in those of the others.
  const place = Array.from({ length: 3 * CLASSES }, (_, i) =>
    i % CLASSES === horizon * 3 + Math.floor(i / CLASSES) ? 1 : 0,
  );
  const others = Array.from({ length: CLASSES }, (_, c) => (Math.floor(c / 3) === horizon ? 0 : 1 / 3));
  const placed = g.add('MatMul', [three, g.constant(place, [3, CLASSES])]);
  const probabilities = g.add('Add', [placed, g.constant(others, [CLASSES])]);
  const [from, weights] = task === 'return' ? [value, [1]] : [three, mapping.classReturns];
  const toHorizon = Array.from({ length: weights.length * WIDTH }, (_, i) =>
    i % WIDTH === horizon ? weights[Math.floor(i / WIDTH)]! : 0,
  );
  return [probabilities, g.add('MatMul', [from, g.constant(toHorizon, [weights.length, WIDTH])])];
}

/** Probabilities of down, flat and up (rows × 3) of a classifier's. */
function ofClasses(
  g: Surroundings,
  value: string,
  task: 'directions' | 'updown',
  width: number,
  { classes, flatShare }: ImportMapping,
): string {
  if (task === 'directions')
    return g.add('Gather', [value, g.integers([-1, 0, 1].map((each) => classes.indexOf(each)))], { axis: 1 });
  const moves = 1 - flatShare;
  const weights = width === 2 ? [moves, 0, 0, 0, 0, moves] : [-moves, 0, moves];
  const rest = width === 2 ? [0, flatShare, 0] : [moves, flatShare, 0];
  const placed = g.add('MatMul', [value, g.constant(weights, [width, 3])]);
  return g.add('Add', [placed, g.constant(rest, [3])]);
}

/** The same of an expected return with normal errors: how likely it is to end beyond the dead zone on either side. */
function ofReturn(g: Surroundings, value: string, { deviation, deadZone }: ImportMapping): string {
  if (deviation === undefined)
    throw refuse('a model of returns needs the standard deviation of its errors: --deviation');
  const beyond = (way: number): string => {
    const scale = way / (deviation * Math.SQRT2);
    const scaled = g.add('Mul', [value, g.constant([scale], [1])]);
    const shifted = g.add('Sub', [scaled, g.constant([deadZone / (deviation * Math.SQRT2)], [1])]);
    const half = g.add('Mul', [g.add('Erf', [shifted]), g.constant([0.5], [1])]);
    return g.add('Add', [half, g.constant([0.5], [1])]);
  };
  const [down, up] = [beyond(-1), beyond(1)];
  const either = g.add('Add', [down, up]);
  const flat = g.add('Sub', [g.constant([1], [1]), either]);
  const floor = g.add('Relu', [flat]);
  return g.add('Concat', [down, floor, up], { axis: 1 });
}
