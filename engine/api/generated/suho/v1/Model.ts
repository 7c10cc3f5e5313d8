// Original file: proto/suho/v1/models.proto

import type { ModelLevel as _suho_v1_ModelLevel, ModelLevel__Output as _suho_v1_ModelLevel__Output } from '../../suho/v1/ModelLevel.js';
import type { Long } from '@grpc/proto-loader';

/**
 * A registered model.
 */
export interface Model {
  /**
   * Whose it is.
   */
  'level'?: (_suho_v1_ModelLevel);
  /**
   * Empty for the platform's.
   */
  'tenant_id'?: (string);
  /**
   * Empty unless it is one user's.
   */
  'user_id'?: (string);
  /**
   * Feed, symbol and timeframe.
   */
  'name'?: (string);
  /**
   * Counts architecture, feature set and retraining.
   */
  'version'?: (string);
  /**
   * The version it followed; empty for the first.
   */
  'parent_version'?: (string);
  /**
   * draft, validated, staging, shadow, canary, production, deprecated or archived.
   */
  'status'?: (string);
  /**
   * Share of the bars it serves as a canary.
   */
  'share'?: (number | string);
  /**
   * challenger, ab or manual while it is tried.
   */
  'trial'?: (string);
  /**
   * When an A/B test is up, epoch milliseconds; 0 without one.
   */
  'trial_until'?: (number | string | Long);
  /**
   * Kind of model.
   */
  'family'?: (string);
  /**
   * The features it takes.
   */
  'feature_set_version'?: (string);
  /**
   * The space its similar moments are compared in.
   */
  'embedding_version'?: (string);
  /**
   * The horizon its direction is taken from.
   */
  'primary_horizon'?: (string);
  /**
   * Close time of the first bar it was trained on, epoch milliseconds.
   */
  'trained_from'?: (number | string | Long);
  /**
   * Close time of the last one.
   */
  'trained_through'?: (number | string | Long);
  /**
   * Bars it was trained on.
   */
  'rows'?: (number | string | Long);
  /**
   * Epoch milliseconds.
   */
  'registered_at'?: (number | string | Long);
  /**
   * Of the predictor's file.
   */
  'model_sha256'?: (string);
  /**
   * Of the encoder's.
   */
  'encoder_sha256'?: (string);
}

/**
 * A registered model.
 */
export interface Model__Output {
  /**
   * Whose it is.
   */
  'level': (_suho_v1_ModelLevel__Output);
  /**
   * Empty for the platform's.
   */
  'tenant_id': (string);
  /**
   * Empty unless it is one user's.
   */
  'user_id': (string);
  /**
   * Feed, symbol and timeframe.
   */
  'name': (string);
  /**
   * Counts architecture, feature set and retraining.
   */
  'version': (string);
  /**
   * The version it followed; empty for the first.
   */
  'parent_version': (string);
  /**
   * draft, validated, staging, shadow, canary, production, deprecated or archived.
   */
  'status': (string);
  /**
   * Share of the bars it serves as a canary.
   */
  'share': (number);
  /**
   * challenger, ab or manual while it is tried.
   */
  'trial': (string);
  /**
   * When an A/B test is up, epoch milliseconds; 0 without one.
   */
  'trial_until': (string);
  /**
   * Kind of model.
   */
  'family': (string);
  /**
   * The features it takes.
   */
  'feature_set_version': (string);
  /**
   * The space its similar moments are compared in.
   */
  'embedding_version': (string);
  /**
   * The horizon its direction is taken from.
   */
  'primary_horizon': (string);
  /**
   * Close time of the first bar it was trained on, epoch milliseconds.
   */
  'trained_from': (string);
  /**
   * Close time of the last one.
   */
  'trained_through': (string);
  /**
   * Bars it was trained on.
   */
  'rows': (string);
  /**
   * Epoch milliseconds.
   */
  'registered_at': (string);
  /**
   * Of the predictor's file.
   */
  'model_sha256': (string);
  /**
   * Of the encoder's.
   */
  'encoder_sha256': (string);
}
