import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { Tensor } from '../engine/onnx-runtime.js';
import { HORIZONS } from '../actors/features/labels.js';
import { CHANNEL_COUNT, SEQUENCE_BARS, SEQUENCE_SIZE } from '../actors/features/sequence-channels.js';
import { TrainingStep } from '../engine/learning/network.js';
import { Graph } from '../engine/learning/onnx/graph.js';
import { Random } from '../engine/learning/random.js';
import { SEQUENCE_BATCH } from '../engine/learning/sequence-batches.js';
import {
  addNetwork,
  lstmNetwork,
  networkParameters,
  transformerNetwork,
  type SequenceNetwork,
} from '../engine/learning/sequence-network.js';
import { median, report } from './report.js';

const ROUNDS = 3;
const STEPS = 60;
const WARM_UP = 10;
/** A Python with torch; `SUHO_TORCH_PYTHON` names one that is not on the path. */
const PYTHON = process.env['SUHO_TORCH_PYTHON'] ?? 'python3';

const NETWORKS: Readonly<Record<'lstm' | 'transformer', SequenceNetwork>> = {
  lstm: lstmNetwork(32),
  transformer: transformerNetwork({ width: 32, heads: 2, layers: 2, hidden: 64 }),
};

/**
 * CPU milliseconds of one AdamW step of the networks of sequences, inside ONNX Runtime and in PyTorch: same sizes, same loss, one
 * thread each, in turn.
 */
export async function benchSequenceSteps(): Promise<void> {
  const lines: string[] = [];
  const results: Record<string, unknown> = {};
  for (const name of ['lstm', 'transformer'] as const) {
    const ours: number[] = [];
    const peers: number[] = [];
    let version = '';
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await ownStep(NETWORKS[name]));
      const peer = peerStep(name);
      if (peer === undefined) continue;
      peers.push(peer.milliseconds);
      ({ version } = peer);
    }
    const own = median(ours);
    const peer = peers.length === 0 ? undefined : median(peers);
    results[name] = { own, peer, version };
    lines.push(
      peer === undefined
        ? `${name}: ${own.toFixed(2)} ms; NO PEER: ${PYTHON} has no torch; SUHO_TORCH_PYTHON names a Python that has`
        : `${name}: ${own.toFixed(2)} ms; PyTorch ${version} ${peer.toFixed(2)} ms: ${(own / peer).toFixed(2)} times its time`,
    );
  }
  report('sequence steps', lines, { batch: SEQUENCE_BATCH, results });
}

async function ownStep(network: SequenceNetwork): Promise<number> {
  const g = new Graph();
  const x = g.input('x', ['batch', SEQUENCE_BARS, CHANNEL_COUNT]);
  const logits = g.input('logits', ['batch', HORIZONS.length * 3]);
  const returns = g.input('returns', ['batch', HORIZONS.length]);
  const step = await TrainingStep.forecaster(g, networkParameters(network, 7), (p) =>
    addNetwork(g, network, x, p, { logits, returns }),
  );
  const random = new Random(7);
  const normal = (...dims: readonly number[]): Tensor => {
    const size = dims.reduce((n, d) => n * d, SEQUENCE_BATCH);
    return new Tensor(
      'float32',
      Float32Array.from({ length: size }, () => random.normal()),
      [SEQUENCE_BATCH, ...dims],
    );
  };
  const filled = (width: number, value: number): Tensor =>
    new Tensor('float32', new Float32Array(SEQUENCE_BATCH * width).fill(value), [SEQUENCE_BATCH, width]);
  const batch = {
    x: normal(SEQUENCE_BARS, CHANNEL_COUNT),
    logits: filled(HORIZONS.length * 3, 0),
    returns: filled(HORIZONS.length, 0),
    classes: filled(HORIZONS.length * 3, 1 / 3),
    targets: normal(HORIZONS.length),
    targetKnown: filled(HORIZONS.length, 1),
  };
  const times: number[] = [];
  for (let i = 0; i < WARM_UP + STEPS; i++) {
    const start = process.cpuUsage();
    await step.run(batch, SEQUENCE_BATCH, 1e-3, 5);
    const { user, system } = process.cpuUsage(start);
    if (i >= WARM_UP) times.push((user + system) / 1000);
  }
  await step.close();
  return median(times);
}

/** The same in PyTorch; undefined without it. */
function peerStep(name: string): { readonly milliseconds: number; readonly version: string } | undefined {
  const script = path.join('bench', 'sequence_steps_peer.py');
  const sizes = [SEQUENCE_BATCH, SEQUENCE_BARS, SEQUENCE_SIZE / SEQUENCE_BARS, WARM_UP, STEPS].map(String);
  const run = spawnSync(PYTHON, [script, name, ...sizes], { encoding: 'utf8' });
  return run.status === 0
    ? (JSON.parse(run.stdout) as { readonly milliseconds: number; readonly version: string })
    : undefined;
}
