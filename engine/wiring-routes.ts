import { setTimeout as pause } from 'node:timers/promises';
import { armsOf } from '../actors/signals/route-plan.js';
import type { EvidenceGatherer } from './evidence/evidence-gatherer.js';
import { readSignalActorId, seriesIdentity } from './instruments/ids.js';
import type { RecoveryPorts } from './instruments/recovery.js';
import type { PatternRecorder } from './patterns/pattern-recorder.js';
import type { ModelFiles } from './registry/model-files.js';
import { artifactPlace } from './registry/model-registry.js';

/** How long a start waits for the trial of a model whose files may be on a server that is away. */
const MODEL_WAIT_MS = 5_000;

/** Makes the models of a route ready for an actor, and opens the moments of their embeddings. */
export function routeUse({
  models,
  recorder,
  evidence,
}: {
  readonly models: ModelFiles;
  readonly recorder: PatternRecorder;
  readonly evidence: EvidenceGatherer;
}): RecoveryPorts['useRoute'] {
  return async (actorId, route) => {
    const { tenantId, seriesId } = readSignalActorId(actorId);
    const { symbol, timeframe } = seriesIdentity(seriesId);
    for (const arm of armsOf(route)) {
      const { modelId, encoderId, version, embeddingVersion, featureSetVersion, trainedOn = seriesId } = arm;
      const home = seriesIdentity(trainedOn);
      const place = artifactPlace({ ...home, ...arm.level }, version);
      // The first bars after a start want a model that was tried; a server of model files that is away holds up nothing.
      await Promise.race([
        models.use({ place, modelId, encoderId, featureSetVersion }),
        pause(MODEL_WAIT_MS, undefined, { ref: false }),
      ]);
      await recorder.use(evidence.partition(tenantId, symbol, timeframe, embeddingVersion));
    }
  };
}
