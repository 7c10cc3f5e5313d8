import { readGridName } from '../../actors/market/bar-grid.js';
import type { SignalOwner } from '../../actors/signals/prediction-id.js';
import { PLATFORM } from '../credentials/tenant-id.js';
import type { Scope } from '../database/database.js';
import type { ListedModel, ModelRecord, ModelSeries } from './model-registry.js';

export const FRAMEWORK = 'onnx';

/** A row of `ml_registry.models` with its parent's version. */
export interface ModelRow {
  readonly tenant_id: string | null;
  readonly user_id: string | null;
  readonly name: string;
  readonly status: ListedModel['status'];
  readonly registered: number;
  readonly traffic: number | null;
  readonly trial: ListedModel['trial'] | null;
  readonly version: string;
  readonly parent_version: string | null;
  readonly architecture: string;
  readonly hyperparameters: ModelRecord['hyperparameters'];
  readonly feature_set_version: string;
  /** The rest came with the kinds of model; before them every one was a perceptron. */
  readonly metrics: Pick<ModelRecord, 'scores'> &
    Partial<Pick<ModelRecord, 'family' | 'calibratedBy' | 'tried' | 'importance' | 'folds'>>;
  readonly artifact_uri: string;
  readonly artifact_sha256: string;
  readonly encoder_uri: string;
  readonly encoder_sha256: string;
  readonly serving: Pick<
    ModelRecord,
    | 'embeddingVersion'
    | 'anomalyScale'
    | 'primaryHorizon'
    | 'edge'
    | 'trainedFrom'
    | 'trainedThrough'
    | 'rows'
    | 'batchInvariant'
    | 'trainedOn'
  >;
}

/** Selects {@link ModelRow}s. */
export const SELECT_MODELS = `
  SELECT m.tenant_id, m.user_id, m.name, m.version, p.version AS parent_version, m.architecture, m.hyperparameters,
         m.feature_set_version, m.metrics, m.artifact_uri, m.artifact_sha256, m.encoder_uri, m.encoder_sha256, m.serving,
         m.status, m.traffic, m.trial, (extract(epoch FROM m.created_at) * 1000)::bigint AS registered
  FROM ml_registry.models m LEFT JOIN ml_registry.models p ON p.model_id = m.parent_model_id`;

/** Whose models, as columns have it. */
export function ownerOf({ tenantId, userId }: SignalOwner): readonly [string | null, string | null] {
  return [tenantId === PLATFORM ? null : tenantId, userId ?? null];
}

/** What a transaction on an owner's models may see and write. */
export function scopeOf({ tenantId, userId }: SignalOwner): Scope {
  return tenantId === PLATFORM ? { platform: true } : { tenantId, userId };
}

/** The series a model is for, from its owner and name. */
function seriesOfRow(row: ModelRow): ModelSeries {
  const [feed = '', symbol = '', grid = ''] = row.name.split('/');
  const owner = {
    tenantId: row.tenant_id ?? PLATFORM,
    ...(row.user_id === null ? {} : { userId: row.user_id }),
  };
  return { ...owner, feed, symbol, ...readGridName(grid) };
}

export function modelOf(row: ModelRow): ListedModel {
  return {
    modelId: row.artifact_sha256,
    encoderId: row.encoder_sha256,
    artifactUri: row.artifact_uri,
    encoderUri: row.encoder_uri,
    version: row.version,
    parentVersion: row.parent_version ?? undefined,
    architecture: row.architecture,
    hyperparameters: row.hyperparameters,
    featureSetVersion: row.feature_set_version,
    family: 'perceptron' as const,
    tried: { families: 1, skillZ: 3, worth: [] },
    importance: [],
    ...row.metrics,
    ...seriesOfRow(row),
    ...row.serving,
    status: row.status,
    traffic: row.traffic ?? undefined,
    trial: row.trial ?? undefined,
    registeredAt: row.registered,
  };
}
