import type { ModelEvidence } from '../../actors/signals/evidence.js';
import type { Route } from '../../actors/signals/route.js';
import type { Inference } from '../inference/inference.js';

/** What an arm's models said, as evidence. */
export function modelEvidenceOf(
  { modelId, version, arm, anomalyScale }: Route,
  { probabilities, returns, reconstructionError }: Inference,
): ModelEvidence {
  return {
    modelId,
    version,
    arm,
    probabilities,
    // The journal keeps no sign of a zero: a model that expects nothing would seem to differ when it is asked again.
    returns: returns.map((x) => (x === 0 ? 0 : x)),
    anomaly: reconstructionError / anomalyScale,
  };
}
