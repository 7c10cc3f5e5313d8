import type { Graph, Value } from './graph.js';

interface LstmStep {
  /** Hidden state before the step, cell before and after it. */
  readonly hidden: Value;
  readonly before: Value;
  readonly cellTanh: Value;
  /** Input, forget and output gates in one (batch × 3·units), then each, then the candidate. */
  readonly gates: Value;
  readonly input: Value;
  readonly forget: Value;
  readonly output: Value;
  readonly candidate: Value;
}

/**
 * The last hidden state (batch × units) of a long short-term memory without peepholes, from zero. `driven` (steps·batch ×
 * 4·units, step by step) is what the inputs add to the gates input, forget, output and to the candidate, biases with it;
 * `recurrent` (units × 4·units) is what the hidden state adds. The gradient of all steps goes back in one rule, so that the weights'
 * is one product, not one a step. Source: Hochreiter & Schmidhuber 1997; forget gate of Gers et al. 2000.
 */
export function lstm(g: Graph, driven: Value, recurrent: Value, steps: number): Value {
  const units = Number(recurrent.dims[0]);
  const state = ['batch', units];
  const parts = g.emitAll(
    'Split',
    [driven],
    Array.from({ length: steps }, () => ['batch', 4 * units]),
    {
      axis: 0,
    },
  );
  const gateSizes = g.integers([3 * units, units]);
  const first = g.mul(g.slice(parts[0]!, 1, 0, units), g.scalar(0));
  const taken: LstmStep[] = [];
  let hidden = first;
  let cell = first;
  for (const part of parts) {
    const sum = g.emit('Gemm', [hidden, recurrent, part], part.dims);
    const [toGates, toCandidate] = g.emitAll('Split', [sum, gateSizes], [['batch', 3 * units], state], {
      axis: 1,
    });
    const gates = g.emit('Sigmoid', [toGates!], toGates!.dims);
    const candidate = g.emit('Tanh', [toCandidate!], state);
    const [input, forget, output] = g.emitAll('Split', [gates], [state, state, state], { axis: 1 });
    const next = g.emit(
      'Add',
      [g.emit('Mul', [forget!, cell], state), g.emit('Mul', [input!, candidate], state)],
      state,
    );
    const cellTanh = g.emit('Tanh', [next], state);
    taken.push({
      hidden,
      before: cell,
      cellTanh,
      gates,
      input: input!,
      forget: forget!,
      output: output!,
      candidate,
    });
    cell = next;
    hidden = g.emit('Mul', [output!, cellTanh], state);
  }
  return g.record(hidden, [driven, recurrent], (gradient) => backward(g, driven, recurrent, taken, gradient));
}

/** Back-propagation through time: gradients of `driven` and `recurrent`. */
function backward(
  g: Graph,
  driven: Value,
  recurrent: Value,
  taken: readonly LstmStep[],
  gradient: Value,
): Value[] {
  const units = Number(recurrent.dims[0]);
  const state = ['batch', units];
  const one = g.scalar(1);
  const mul = (a: Value, b: Value): Value => g.emit('Mul', [a, b], a.dims);
  const slope = (x: Value): Value => g.emit('Sub', [one, mul(x, x)], x.dims);
  const sums: Value[] = [];
  let ofHidden = gradient;
  let ofCell: Value | undefined;
  for (const step of [...taken].reverse()) {
    const throughOutput = mul(mul(ofHidden, step.output), slope(step.cellTanh));
    ofCell = ofCell === undefined ? throughOutput : g.emit('Add', [ofCell, throughOutput], state);
    const ofGates = g.emit(
      'Concat',
      [mul(ofCell, step.candidate), mul(ofCell, step.before), mul(ofHidden, step.cellTanh)],
      step.gates.dims,
      { axis: 1 },
    );
    const gateSlope = mul(step.gates, g.emit('Sub', [one, step.gates], step.gates.dims));
    const ofCandidate = mul(mul(ofCell, step.input), slope(step.candidate));
    const ofSum = g.emit('Concat', [mul(ofGates, gateSlope), ofCandidate], ['batch', 4 * units], { axis: 1 });
    sums.unshift(ofSum);
    ofHidden = g.gemm(ofSum, recurrent, { transB: 1 });
    ofCell = mul(ofCell, step.forget);
  }
  const ofDriven = g.emit('Concat', sums, driven.dims, { axis: 0 });
  const hidden = g.emit(
    'Concat',
    taken.map((step) => step.hidden),
    [driven.dims[0]!, units],
    { axis: 0 },
  );
  return [ofDriven, g.gemm(hidden, ofDriven, { transA: 1 })];
}
