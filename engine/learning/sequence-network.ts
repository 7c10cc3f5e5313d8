import { CHANNEL_COUNT, SEQUENCE_BARS } from '../../actors/features/sequence-channels.js';
import { HORIZONS } from '../../actors/features/labels.js';
import { bias, dense, weight, type Forecast, type Parameter, type Values } from './network.js';
import type { Graph, Value } from './onnx/graph.js';
import { lstm } from './onnx/lstm.js';
import { Random } from './random.js';

const CLASSES = HORIZONS.length * 3;

/** A network over sequences, from normalised channels (batch × bars × channels) to a summary (batch × width). */
export interface SequenceNetwork {
  readonly width: number;
  parameters(random: Random): Parameter[];
  summary(g: Graph, x: Value, p: Values): Value;
}

/** A layer of long short-term memory; the last hidden state is the summary. */
export function lstmNetwork(units: number): SequenceNetwork {
  return {
    width: units,
    parameters: (random) => {
      const start = bias('b', 4 * units);
      // Open at first, so that what is far back is not forgotten before it is known to matter: Jozefowicz et al. 2015.
      start.data.fill(1, units, 2 * units);
      return [
        weight('input', CHANNEL_COUNT, 4 * units, random, 1),
        weight('recurrent', units, 4 * units, random, 1),
        start,
      ];
    },
    summary: (g, x, p) => {
      const byStep = g.reshape(g.transpose(x, [1, 0, 2]), ['steps', CHANNEL_COUNT]);
      return lstm(g, dense(g, byStep, p['input']!, p['b']!), p['recurrent']!, SEQUENCE_BARS);
    },
  };
}

/** Sizes of a transformer. */
export interface TransformerSizes {
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
  readonly hidden: number;
}

/**
 * A causal transformer with learned positions, layers normalised before attention and before the two dense layers; the last bar's
 * token is the summary. Source: Vaswani et al. 2017, normalised as Xiong et al. 2020.
 */
export function transformerNetwork({ width, heads, layers, hidden }: TransformerSizes): SequenceNetwork {
  return {
    width,
    parameters: (random) => [
      weight('token', CHANNEL_COUNT, width, random, 1),
      { ...weight('position', SEQUENCE_BARS, width, random, 1), decays: false },
      ...Array.from({ length: layers }, (_, layer) => [
        ...['query', 'key', 'value', 'mixed'].map((name) =>
          weight(`${name}${layer}`, width, width, random, name === 'mixed' ? 0.5 : 1),
        ),
        weight(`up${layer}`, width, hidden, random, 1.4),
        bias(`upBias${layer}`, hidden),
        weight(`down${layer}`, hidden, width, random, 0.5),
        bias(`downBias${layer}`, width),
      ]).flat(),
    ],
    summary: (g, x, p) => {
      let tokens = g.add(g.matMul(x, p['token']!), p['position']!);
      for (let layer = 0; layer < layers; layer++) {
        const isLast = layer === layers - 1;
        const of = (name: string): Value => p[`${name}${layer}`]!;
        const normal = normalised(g, tokens, width);
        // Only the last bar's token is read of the last layer.
        const asking = isLast ? lastOf(g, normal) : normal;
        const own = isLast ? lastOf(g, tokens) : tokens;
        const seen = attention(
          g,
          {
            query: g.matMul(asking, of('query')),
            key: g.matMul(normal, of('key')),
            value: g.matMul(normal, of('value')),
          },
          heads,
        );
        const mixed = g.add(own, g.matMul(seen, of('mixed')));
        const inner = g.relu(dense(g, normalised(g, mixed, width), of('up'), of('upBias')));
        tokens = g.add(mixed, dense(g, inner, of('down'), of('downBias')));
      }
      return g.reshape(normalised(g, tokens, width), ['batch', width]);
    },
  };
}

function lastOf(g: Graph, tokens: Value): Value {
  return g.slice(tokens, 1, SEQUENCE_BARS - 1, SEQUENCE_BARS);
}

/** Layer normalisation over the last dimension, without gain: the products after it have their own. */
function normalised(g: Graph, x: Value, width: number): Value {
  // Means as products: ONNX Runtime's ReduceMean rounds a row differently in batches of other sizes.
  const mean = g.constant(new Float32Array(width).fill(1 / width), [width, 1]);
  const centred = g.sub(x, g.matMul(x, mean));
  return g.div(centred, g.sqrt(g.add(g.matMul(g.square(centred), mean), g.scalar(1e-5))));
}

/** Causal attention: each asking token sees those of its time and before. */
function attention(
  g: Graph,
  { query, key, value }: { readonly query: Value; readonly key: Value; readonly value: Value },
  heads: number,
): Value {
  const [asking, width] = [Number(query.dims[1]), Number(query.dims[2])];
  const each = width / heads;
  const split = (x: Value, order: readonly number[]): Value =>
    g.transpose(g.reshape(x, ['batch', Number(x.dims[1]), heads, each]), order);
  const scores = g.mul(
    g.matMul(split(query, [0, 2, 1, 3]), split(key, [0, 2, 3, 1])),
    g.scalar(1 / Math.sqrt(each)),
  );
  const first = SEQUENCE_BARS - asking;
  const hidden = Float32Array.from({ length: asking * SEQUENCE_BARS }, (_, i) =>
    i % SEQUENCE_BARS > first + Math.floor(i / SEQUENCE_BARS) ? -1e9 : 0,
  );
  const shares = g.softmax(g.add(scores, g.constant(hidden, [asking, SEQUENCE_BARS])));
  const seen = g.matMul(shares, split(value, [0, 2, 1, 3]));
  return g.reshape(g.transpose(seen, [0, 2, 1, 3]), ['batch', asking, width]);
}

/** Parameters whose columns belong to a horizon each. */
export const HEADS: readonly string[] = ['summaryClasses', 'summaryMoves'];

/** Parameters of a network and of the heads over its summary, which say nothing at first. */
export function networkParameters(network: SequenceNetwork, seed: number): Parameter[] {
  const random = new Random(seed);
  return [
    ...network.parameters(random),
    weight('summaryClasses', network.width, CLASSES, random, 0),
    weight('summaryMoves', network.width, HORIZONS.length, random, 0),
  ];
}

/** What a network over the whole sequence adds to what is known without it. */
export function addNetwork(
  g: Graph,
  network: SequenceNetwork,
  x: Value,
  p: Values,
  { logits, returns }: Forecast,
): Forecast {
  const summary = network.summary(g, x, p);
  return {
    logits: g.add(logits, g.matMul(summary, p['summaryClasses']!)),
    returns: g.add(returns, g.matMul(summary, p['summaryMoves']!)),
  };
}
