import { benchBackfill } from './backfill.js';
import { benchBurden } from './burden.js';
import { benchCost } from './cost.js';
import { benchDrift } from './drift.js';
import { benchFamilyInference } from './family-inference.js';
import { benchFeatures } from './features.js';
import { benchFiles } from './files.js';
import { benchInference } from './inference.js';
import { benchJournal } from './journal.js';
import { benchLatency } from './latency.js';
import { benchLifecycle } from './lifecycle.js';
import { benchOverload } from './overload.js';
import { benchMoney } from './money.js';
import { benchMonitor } from './monitor.js';
import { benchNats } from './nats.js';
import { benchNoise } from './noise.js';
import { benchPlanted } from './planted.js';
import { benchPredictions } from './predictions.js';
import { benchRelated } from './related.js';
import { benchRollout } from './rollout.js';
import { benchSteady } from './steady.js';
import { benchSoak } from './soak.js';
import { benchSequenceSteps } from './sequence-steps.js';
import { benchPatterns, benchStores } from './stores.js';
import { benchTrainingStep } from './training-step.js';
import { benchTrees } from './trees.js';

const benches: Readonly<Record<string, () => void | Promise<void>>> = {
  features: benchFeatures,
  backfill: benchBackfill,
  files: benchFiles,
  inference: benchInference,
  families: benchFamilyInference,
  journal: benchJournal,
  training: benchTrainingStep,
  steps: benchSequenceSteps,
  latency: benchLatency,
  cost: benchCost,
  burden: benchBurden,
  lifecycle: benchLifecycle,
  overload: benchOverload,
  nats: benchNats,
  soak: benchSoak,
  money: benchMoney,
  predictions: benchPredictions,
  stores: benchStores,
  patterns: benchPatterns,
  planted: benchPlanted,
  noise: benchNoise,
  related: benchRelated,
  rollout: benchRollout,
  trees: benchTrees,
  drift: benchDrift,
  monitor: benchMonitor,
  steady: benchSteady,
};

const wanted = process.argv.slice(2);
for (const name of wanted.length === 0 ? Object.keys(benches) : wanted) {
  const bench = benches[name];
  if (bench === undefined) {
    process.stderr.write(`There is no benchmark "${name}"; choose of ${Object.keys(benches).join(', ')}.\n`);
    process.exit(2);
  }
  await bench();
}
process.stdout.write('\nresults are in bench/results\n');
