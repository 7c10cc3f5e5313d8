// Original file: proto/suho/v1/features.proto

import type { FeatureRow as _suho_v1_FeatureRow, FeatureRow__Output as _suho_v1_FeatureRow__Output } from '../../suho/v1/FeatureRow.js';

/**
 * A page of feature rows.
 */
export interface GetFeaturesResponse {
  /**
   * Feature set that the values are of; a model states the one it was trained on.
   */
  'feature_set_version'?: (string);
  /**
   * Instrument they are of.
   */
  'instrument_id'?: (string);
  /**
   * Names of the features, in the order of the values of each row; docs/features.md has the formula and unit of each.
   */
  'names'?: (string)[];
  /**
   * Oldest bar first.
   */
  'rows'?: (_suho_v1_FeatureRow)[];
  /**
   * Token of the next page; empty on the last one.
   */
  'next_page_token'?: (string);
}

/**
 * A page of feature rows.
 */
export interface GetFeaturesResponse__Output {
  /**
   * Feature set that the values are of; a model states the one it was trained on.
   */
  'feature_set_version': (string);
  /**
   * Instrument they are of.
   */
  'instrument_id': (string);
  /**
   * Names of the features, in the order of the values of each row; docs/features.md has the formula and unit of each.
   */
  'names': (string)[];
  /**
   * Oldest bar first.
   */
  'rows': (_suho_v1_FeatureRow__Output)[];
  /**
   * Token of the next page; empty on the last one.
   */
  'next_page_token': (string);
}
