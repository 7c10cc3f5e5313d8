import { FEATURE_SET_VERSION } from '../features/catalogue.js';
import { SEQUENCE_VERSION } from '../features/sequence-channels.js';

/** Which models make a tenant's signals for one series, and what is known of their skill. */
export interface Route {
  /** Content address of the predictor, and of the encoder whose bottleneck is the pattern embedding. */
  readonly modelId: string;
  readonly encoderId: string;
  /** Semantic version of the predictor, e.g. `v1.0.3`. */
  readonly version: string;
  /** Name of the embedding space; vectors of different ones are never compared. */
  readonly embeddingVersion: string;
  readonly featureSetVersion: string;
  /** Version of the sequence channels the predictor takes; absent when it takes feature rows alone. */
  readonly sequenceVersion?: string;
  /** Rollout arm: `production` unless an experiment says otherwise. */
  readonly arm: string;
  /** Index of the horizon the direction is taken from. */
  readonly primaryHorizon: number;
  /** Per horizon: whether validation showed skill beyond the baseline. */
  readonly edge: readonly boolean[];
  /** Close time of the newest bar the models may have seen. */
  readonly trainedThrough: number;
  /** Reconstruction error that 99 % of the training rows stay below. */
  readonly anomalyScale: number;
  /** Series whose models these are, when they were trained on another than the one they are used for. */
  readonly trainedOn?: string;
  /** Whose they are, when that is not the owner of the series they were trained on. */
  readonly level?: { readonly tenantId: string; readonly userId?: string };
}

/** Whether a route's models were trained on the features and sequence channels that are computed now. */
export function isOfCurrentFeatures(
  route: Pick<Route, 'featureSetVersion' | 'sequenceVersion'> | undefined,
): boolean {
  return (
    route?.featureSetVersion === FEATURE_SET_VERSION &&
    (route.sequenceVersion === undefined || route.sequenceVersion === SEQUENCE_VERSION)
  );
}

/** Whether a route's predictor takes the sequence channels that are computed now. */
export function takesSequence(route: Route | undefined): boolean {
  return route?.sequenceVersion === SEQUENCE_VERSION;
}
