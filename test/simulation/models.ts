import { SuhoError } from '../../engine/errors.js';
import type { InferencePort } from '../../engine/evidence/evidence-gatherer.js';
import type { Inference } from '../../engine/inference/inference.js';
import { EMBEDDING } from '../../engine/inference/slab.js';
import { Random } from '../../engine/learning/random.js';
import type { Route } from '../../actors/signals/route.js';
import type { RoutePlan } from '../../actors/signals/route-plan.js';
import { FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import type { ProcessClock } from './virtual-time.js';

/** A number that follows from a row and a model. */
function seedOf(modelId: string, row: Float32Array): number {
  let hash = 2_166_136_261;
  const bytes = new Uint8Array(row.buffer, row.byteOffset, 64);
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 16_777_619);
  for (let i = 0; i < modelId.length; i++) hash = Math.imul(hash ^ modelId.charCodeAt(i), 16_777_619);
  return hash >>> 0;
}

/** Models whose answer follows from their name and the row; now and then late, wrong, or not a number. */
export class SimulatedModels implements InferencePort {
  readonly #clock: ProcessClock;
  readonly #random: Random;

  constructor(clock: ProcessClock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  async infer(
    pair: { readonly predictor: { readonly sha256: string } },
    _key: string,
    row: Float32Array,
  ): Promise<Inference> {
    const chance = this.#random.next();
    await this.#clock.after(chance < 0.02 ? 400 : 1 + chance * 20);
    if (chance > 0.985) throw new SuhoError('BAD_MODEL', 'the worker died');
    const random = new Random(seedOf(pair.predictor.sha256, row));
    const probabilities: number[] = [];
    for (let horizon = 0; horizon < 3; horizon++) {
      const weights = [random.next(), random.next(), random.next()];
      const sum = weights[0]! + weights[1]! + weights[2]!;
      probabilities.push(...weights.map((weight) => weight / sum));
    }
    if (random.next() < 0.01) probabilities[0] = NaN;
    return {
      probabilities,
      returns: [0, 0, 0].map(() => (random.next() - 0.5) * 1e-3),
      embedding: Float32Array.from({ length: EMBEDDING }, () => random.next() - 0.5),
      reconstructionError: random.next(),
    };
  }
}

/** The models of a simulated training. */
export function routeOf(version: number): Route {
  return {
    modelId: `model-${version}`,
    encoderId: 'encoder-1',
    version: `v1.0.${version}`,
    embeddingVersion: 'e1',
    featureSetVersion: FEATURE_SET_VERSION,
    arm: 'production',
    primaryHorizon: 0,
    edge: [true, true, false],
    trainedThrough: 0,
    anomalyScale: 1,
  };
}

/** A plan with a canary for a third of the bars and a shadow beside the models of a training. */
export function planOf(version: number): RoutePlan {
  const arm = (name: string, seed: number): Route => ({ ...routeOf(seed), arm: name });
  return {
    ...routeOf(version),
    planId: `plan-${version}`,
    canary: { route: arm('canary', version + 1_000_000), share: 1 / 3 },
    shadows: [{ ...arm('shadow', version + 2_000_000), encoderId: 'encoder-2', embeddingVersion: 'e2' }],
  };
}
