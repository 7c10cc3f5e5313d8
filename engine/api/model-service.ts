import { HORIZONS } from '../../actors/features/labels.js';
import type { Caller } from '../credentials/caller.js';
import { PLATFORM } from '../credentials/tenant-id.js';
import {
  modelName,
  type Experiment,
  type ListedModel,
  type ModelAct,
  type ModelEvent,
} from '../registry/model-registry.js';
import { calibrationInWords } from '../learning/families/calibrated.js';
import { TEST_DAYS, modelActOf, type AskedAct } from '../rollout/asked-act.js';
import type { ArmScore } from '../rollout/comparison.js';
import {
  differences,
  levelOf,
  type Level,
  type ModelDesk,
  type ModelReference,
  type VersionComparison,
} from '../rollout/model-desk.js';
import { unary, type CallContext } from './calls.js';
import { invalid } from './failure.js';
import type { ChangeModelRequest__Output as ChangeModelRequest } from './generated/suho/v1/ChangeModelRequest.js';
import type { CompareModelsRequest__Output as CompareModelsRequest } from './generated/suho/v1/CompareModelsRequest.js';
import type { DiffModelsRequest__Output as DiffModelsRequest } from './generated/suho/v1/DiffModelsRequest.js';
import type { DiffModelsResponse } from './generated/suho/v1/DiffModelsResponse.js';
import type { Experiment as ProtoExperiment } from './generated/suho/v1/Experiment.js';
import type { GetModelRequest__Output as GetModelRequest } from './generated/suho/v1/GetModelRequest.js';
import type { ListExperimentsRequest__Output as ListExperimentsRequest } from './generated/suho/v1/ListExperimentsRequest.js';
import type { ListExperimentsResponse } from './generated/suho/v1/ListExperimentsResponse.js';
import type { ListModelsRequest__Output as ListModelsRequest } from './generated/suho/v1/ListModelsRequest.js';
import type { ListModelsResponse } from './generated/suho/v1/ListModelsResponse.js';
import type { Model } from './generated/suho/v1/Model.js';
import type { ModelAct as ProtoAct } from './generated/suho/v1/ModelAct.js';
import type { ModelComparison } from './generated/suho/v1/ModelComparison.js';
import type { ModelDetails } from './generated/suho/v1/ModelDetails.js';
import type { ModelRef__Output as ModelRef } from './generated/suho/v1/ModelRef.js';
import type { ModelScore } from './generated/suho/v1/ModelScore.js';

const TEXT_MAX = 200;
const REASON_MAX = 500;
const TEST_DAYS_MAX = 3_650;

const LEVELS = {
  platform: 'MODEL_LEVEL_PLATFORM',
  tenant: 'MODEL_LEVEL_TENANT',
  user: 'MODEL_LEVEL_USER',
} as const;

/** Handlers of ModelService. `now`: epoch milliseconds. */
export function modelService(
  calls: CallContext,
  desk: ModelDesk,
  now: () => number,
): Record<string, unknown> {
  return {
    ListModels: unary(
      calls,
      'viewer',
      async ({ name, tenant_id: tenantId }: ListModelsRequest, caller): Promise<ListModelsResponse> => {
        const models = await desk.list(caller, given('name', name), given('tenant_id', tenantId));
        return { models: models.map(modelToProto) };
      },
    ),
    GetModel: unary(calls, 'viewer', async ({ model }: GetModelRequest, caller) => {
      return await details(desk, caller, await desk.find(caller, readReference(model)));
    }),
    CompareModels: unary(calls, 'viewer', async ({ model, against }: CompareModelsRequest, caller) => {
      const other = required('against', against);
      return comparisonOf(await desk.compare(caller, readReference(model), other));
    }),
    DiffModels: unary(
      calls,
      'viewer',
      async ({ model, against }: DiffModelsRequest, caller): Promise<DiffModelsResponse> => {
        const reference = readReference(model);
        const own = await desk.find(caller, reference);
        const version = required('against', against);
        const other = await desk.find(caller, { ...reference, level: undefined, version });
        return { differences: differences(own, other) };
      },
    ),
    ListExperiments: unary(
      calls,
      'viewer',
      async ({ tenant_id: tenantId }: ListExperimentsRequest, caller): Promise<ListExperimentsResponse> => ({
        experiments: (await desk.experiments(caller, given('tenant_id', tenantId))).map(experimentOf),
      }),
    ),
    ChangeModel: unary(calls, 'engineer', async (request: ChangeModelRequest, caller) => {
      const reference = readReference(request.model);
      const reason = required('reason', request.reason, REASON_MAX);
      return modelToProto(await desk.change(caller, reference, readAct(request, now()), reason));
    }),
  };
}

/** An optional text; undefined when it is empty. */
function given(field: string, text: string, max = TEXT_MAX): string | undefined {
  if (text.length > max) throw invalid(field, `at most ${max} characters.`);
  return text === '' ? undefined : text;
}

function required(field: string, text: string, max = TEXT_MAX): string {
  const read = given(field, text, max);
  if (read === undefined) throw invalid(field, `it must have 1 to ${max} characters.`);
  return read;
}

function readReference(model: ModelRef | null): ModelReference {
  if (model === null) throw invalid('model', 'it must name a model: its name and version.');
  return {
    level: readLevel(model.level),
    name: required('model.name', model.name),
    version: required('model.version', model.version),
    tenantId: given('model.tenant_id', model.tenant_id),
  };
}

function readLevel(level: ModelRef['level']): Level | undefined {
  switch (level) {
    case 'MODEL_LEVEL_UNSPECIFIED':
      return undefined;
    case 'MODEL_LEVEL_PLATFORM':
      return 'platform';
    case 'MODEL_LEVEL_TENANT':
      return 'tenant';
    case 'MODEL_LEVEL_USER':
      return 'user';
    default:
      throw invalid(
        'model.level',
        'it must be MODEL_LEVEL_PLATFORM, MODEL_LEVEL_TENANT or MODEL_LEVEL_USER.',
      );
  }
}

const CHANGES: Readonly<Record<string, AskedAct['change']>> = {
  MODEL_CHANGE_PROMOTE: 'promote',
  MODEL_CHANGE_SHADOW: 'shadow',
  MODEL_CHANGE_CANARY: 'canary',
  MODEL_CHANGE_AB: 'ab',
  MODEL_CHANGE_ROLLBACK: 'rollback',
  MODEL_CHANGE_WITHDRAW: 'withdraw',
  MODEL_CHANGE_ARCHIVE: 'archive',
};

function readAct(request: ChangeModelRequest, now: number): ModelAct {
  const { share, days, automatic } = request;
  const change = CHANGES[request.change];
  if (change === undefined)
    throw invalid('change', 'it must be one of MODEL_CHANGE_PROMOTE to MODEL_CHANGE_ARCHIVE.');
  const isShared = change === 'canary' || change === 'ab';
  if (isShared && !(share >= 0 && share < 1)) throw invalid('share', 'it must be between 0 and 1.');
  if (change === 'ab' && !(days >= 0 && days <= TEST_DAYS_MAX))
    throw invalid('days', `it must be 0 to ${TEST_DAYS_MAX}; 0 is ${TEST_DAYS}.`);
  const asked = { share: share === 0 ? undefined : share, days: days === 0 ? undefined : days };
  return modelActOf({ change, automatic, ...asked }, now);
}

function experimentOf(experiment: Experiment): ProtoExperiment {
  const { tenantId, userId, name, hypothesis, status, startedAt = 0, concludedAt = 0 } = experiment;
  return {
    name,
    level: LEVELS[levelOf(experiment)],
    tenant_id: tenantId === PLATFORM ? '' : tenantId,
    user_id: userId ?? '',
    hypothesis,
    status,
    started_at: startedAt,
    concluded_at: concludedAt,
    arms: JSON.stringify(experiment.arms),
    result: JSON.stringify(experiment.result),
  };
}

/** A registered model in the words of the API. */
export function modelToProto(model: ListedModel): Model {
  return {
    level: LEVELS[levelOf(model)],
    tenant_id: model.tenantId === PLATFORM ? '' : model.tenantId,
    user_id: model.userId ?? '',
    name: modelName(model),
    version: model.version,
    parent_version: model.parentVersion ?? '',
    status: model.status,
    share: model.traffic ?? 0,
    trial: model.trial?.kind ?? '',
    trial_until: model.trial?.until ?? 0,
    family: model.family,
    feature_set_version: model.featureSetVersion,
    embedding_version: model.embeddingVersion,
    primary_horizon: HORIZONS[model.primaryHorizon] ?? '',
    trained_from: model.trainedFrom,
    trained_through: model.trainedThrough,
    rows: model.rows,
    registered_at: model.registeredAt,
    model_sha256: model.modelId,
    encoder_sha256: model.encoderId,
  };
}

async function details(desk: ModelDesk, caller: Caller, model: ListedModel): Promise<ModelDetails> {
  const trial = await desk.trial(caller, model);
  return {
    model: modelToProto(model),
    architecture: model.architecture,
    hyperparameters: JSON.stringify(model.hyperparameters),
    scores: model.scores.map((score) => JSON.stringify(score)),
    features: model.importance.map(({ feature }) => feature),
    calibration: model.calibratedBy === undefined ? '' : calibrationInWords(model.calibratedBy),
    uses: desk
      .uses(caller, model)
      .map(({ seriesId, tenantId, arm }) => ({ series: seriesId, tenant_id: tenantId, arm })),
    ...(trial === undefined ? {} : { trial: comparisonOf(trial) }),
    history: (await desk.history(model)).map(actOf),
    outcomes: (trial?.deciding ?? []).map(({ outcome, conditions }) => ({
      outcome,
      conditions: conditions.map((condition) => ({ ...condition })),
    })),
  };
}

function actOf({ at, from, to, share, who, role, reason }: ModelEvent): ProtoAct {
  return {
    time: at,
    from_status: from ?? '',
    to_status: to,
    share: share ?? 0,
    who,
    role: role ?? '',
    reason: reason ?? '',
  };
}

function comparisonOf({ version, against, horizon, figures }: VersionComparison): ModelComparison {
  return {
    version,
    against,
    horizon,
    bars: figures.bars,
    independent_bars: figures.independentBars,
    own: scoreOf(figures.challenger, figures.bars),
    other: scoreOf(figures.production, figures.bars),
    better: figures.better,
    worse: figures.worse,
    not_worth_it: figures.notWorthIt,
    overconfident: figures.overconfident,
  };
}

/** Means of no bars are 0. */
function scoreOf({ logLoss, brier, pnl, abstained }: ArmScore, bars: number): ModelScore {
  return bars === 0
    ? { log_loss: 0, brier: 0, profit: 0, abstained: 0 }
    : { log_loss: logLoss, brier, profit: pnl, abstained };
}
