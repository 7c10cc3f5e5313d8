import { Tensor } from '../engine/onnx-runtime.js';
import { FEATURE_COUNT } from '../actors/features/catalogue.js';
import { HORIZONS } from '../actors/features/labels.js';
import { TrainingStep, predictorParameters } from '../engine/learning/network.js';
import { median, report } from './report.js';

/** One AdamW step of the predictor inside ONNX Runtime. */
export async function benchTrainingStep(): Promise<void> {
  const rows = 256;
  const step = await TrainingStep.predictor(predictorParameters(1));
  const tensor = (width: number, value: number): Tensor =>
    new Tensor('float32', new Float32Array(rows * width).fill(value), [rows, width]);
  const batch = {
    x: tensor(FEATURE_COUNT, 0.1),
    classes: tensor(HORIZONS.length * 3, 1 / 3),
    targets: tensor(HORIZONS.length, 0),
    targetKnown: tensor(HORIZONS.length, 1),
  };
  const times: number[] = [];
  for (let i = 0; i < 220; i++) {
    const start = performance.now();
    await step.run(batch, rows, 1e-3, 0.1);
    if (i >= 20) times.push(performance.now() - start);
  }
  await step.close();
  report('training step', [`batch ${rows}, ${FEATURE_COUNT} features: ${median(times).toFixed(2)} ms`], {
    rows,
    milliseconds: median(times),
  });
}
