import { HORIZONS } from '../../actors/features/labels.js';
import { modelName, type ListedModel, type ModelEvent } from '../registry/model-registry.js';
import type { ArmScore, ComparisonFigures } from '../rollout/comparison.js';
import { levelOf, type ModelUse } from '../rollout/model-desk.js';
import type { RunningTrial } from '../rollout/route-plans.js';
import type { Deciding } from '../rollout/what-decides.js';
import type { ModelDetail, ModelView, TrialView } from './wire-models.js';

/** A registered model; `arm`: as what it is asked for the caller's signals, null when it is not. */
export function modelView(model: ListedModel, arm: string | null): ModelView {
  return {
    key: `${levelOf(model)}/${modelName(model)}/${model.version}`,
    level: levelOf(model),
    name: modelName(model),
    version: model.version,
    parent: model.parentVersion ?? null,
    status: model.status,
    share: model.traffic ?? null,
    trial: model.trial?.kind ?? null,
    trialUntil: model.trial?.until ?? null,
    arm,
    modelId: model.modelId,
    family: model.family,
    architecture: model.architecture,
    hyperparameters: model.hyperparameters,
    featureSet: model.featureSetVersion,
    embeddingVersion: model.embeddingVersion,
    primaryHorizon: HORIZONS[model.primaryHorizon] ?? '',
    edge: model.edge,
    trainedFrom: model.trainedFrom,
    trainedThrough: model.trainedThrough,
    registeredAt: model.registeredAt,
    rows: model.rows,
    batchInvariant: model.batchInvariant,
    scores: model.scores.map((score) => ({
      horizon: score.horizon,
      samples: score.samples,
      effectiveSamples: score.effectiveSamples,
      accuracy: score.accuracy,
      low: score.interval[0],
      high: score.interval[1],
      majority: score.baselines.majority,
      lastDirection: score.baselines.lastDirection,
      z: score.z,
      directional: score.directional,
    })),
  };
}

/** What a version brought with it from its training, and what was done to it. */
export function detailOf(
  model: ListedModel,
  history: readonly ModelEvent[],
  uses: readonly ModelUse[],
): Omit<ModelDetail, 'acts' | 'trials'> {
  return {
    key: modelView(model, null).key,
    folds: (model.folds ?? []).map(({ horizons, ...fold }) => ({
      ...fold,
      horizons: horizons.map((each, i) => ({ horizon: HORIZONS[i] ?? '', ...each })),
    })),
    validation: model.scores.flatMap(({ horizon, probabilities }) =>
      probabilities === undefined
        ? []
        : [
            {
              horizon,
              logLoss: probabilities.logLoss,
              baseLogLoss: probabilities.baseLogLoss,
              brier: probabilities.brier,
              baseBrier: probabilities.baseBrier,
              bins: probabilities.calibration.map(({ samples, meanProbability, frequency }) => ({
                samples,
                stated: meanProbability,
                observed: frequency,
              })),
            },
          ],
    ),
    importance: model.importance,
    families: model.tried.worth.map(({ family, logLoss, baseLogLoss, fits, chosen }) => ({
      family,
      logLoss,
      baseLogLoss,
      fits,
      chosen,
    })),
    uses: uses.map(({ seriesId, tenantId, arm }) => ({ series: seriesId, tenantId, arm })),
    history: history.map(({ at, from, to, share, who, role, reason }) => ({
      at,
      from: from ?? null,
      to,
      share: share ?? null,
      who,
      role: role ?? '',
      reason: reason ?? '',
    })),
  };
}

/** A trial with its figures. Means of no bars are null. */
export function trialView(
  { model, production }: RunningTrial,
  figures: ComparisonFigures,
  deciding: readonly Deciding[],
): TrialView {
  const score = ({ logLoss, brier, pnl, abstained }: ArmScore): TrialView['own'] =>
    figures.bars === 0 ? null : { logLoss, brier, profit: pnl, abstained };
  return {
    version: model.version,
    against: production.version,
    kind: model.trial?.kind ?? 'manual',
    status: model.status,
    share: model.traffic ?? null,
    until: model.trial?.until ?? null,
    horizon: HORIZONS[production.primaryHorizon] ?? '',
    bars: figures.bars,
    independentBars: figures.independentBars,
    canaryBars: figures.canaryBars,
    own: score(figures.challenger),
    other: score(figures.production),
    better: figures.better,
    worse: figures.worse,
    deciding: deciding.map(({ outcome, conditions }) => ({ outcome, conditions })),
  };
}
