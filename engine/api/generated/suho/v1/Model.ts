// Original file: proto/suho/v1/suho.proto

import type { ModelLevel as _suho_v1_ModelLevel, ModelLevel__Output as _suho_v1_ModelLevel__Output } from '../../suho/v1/ModelLevel.js';
import type { Long } from '@grpc/proto-loader';

export interface Model {
  'level'?: (_suho_v1_ModelLevel);
  /**
   * Empty for the platform's.
   */
  'tenant_id'?: (string);
  'user_id'?: (string);
  'name'?: (string);
  'version'?: (string);
  'parent_version'?: (string);
  /**
   * draft, validated, staging, shadow, canary, production, deprecated, archived.
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
  'trial_until'?: (number | string | Long);
  'family'?: (string);
  'feature_set_version'?: (string);
  'embedding_version'?: (string);
  'primary_horizon'?: (string);
  /**
   * Epoch milliseconds.
   */
  'trained_from'?: (number | string | Long);
  'trained_through'?: (number | string | Long);
  'rows'?: (number | string | Long);
  'registered_at'?: (number | string | Long);
  'model_sha256'?: (string);
  'encoder_sha256'?: (string);
}

export interface Model__Output {
  'level': (_suho_v1_ModelLevel__Output);
  /**
   * Empty for the platform's.
   */
  'tenant_id': (string);
  'user_id': (string);
  'name': (string);
  'version': (string);
  'parent_version': (string);
  /**
   * draft, validated, staging, shadow, canary, production, deprecated, archived.
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
  'trial_until': (string);
  'family': (string);
  'feature_set_version': (string);
  'embedding_version': (string);
  'primary_horizon': (string);
  /**
   * Epoch milliseconds.
   */
  'trained_from': (string);
  'trained_through': (string);
  'rows': (string);
  'registered_at': (string);
  'model_sha256': (string);
  'encoder_sha256': (string);
}
