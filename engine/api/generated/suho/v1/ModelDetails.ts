// Original file: proto/suho/v1/models.proto

import type { Model as _suho_v1_Model, Model__Output as _suho_v1_Model__Output } from '../../suho/v1/Model.js';
import type { ModelUse as _suho_v1_ModelUse, ModelUse__Output as _suho_v1_ModelUse__Output } from '../../suho/v1/ModelUse.js';
import type { ModelComparison as _suho_v1_ModelComparison, ModelComparison__Output as _suho_v1_ModelComparison__Output } from '../../suho/v1/ModelComparison.js';
import type { ModelAct as _suho_v1_ModelAct, ModelAct__Output as _suho_v1_ModelAct__Output } from '../../suho/v1/ModelAct.js';
import type { TrialOutcome as _suho_v1_TrialOutcome, TrialOutcome__Output as _suho_v1_TrialOutcome__Output } from '../../suho/v1/TrialOutcome.js';

/**
 * All that is known of a version.
 */
export interface ModelDetails {
  /**
   * What the list says of it.
   */
  'model'?: (_suho_v1_Model | null);
  /**
   * How it is built.
   */
  'architecture'?: (string);
  /**
   * JSON.
   */
  'hyperparameters'?: (string);
  /**
   * Scores of its walk-forward validation, JSON, one a horizon.
   */
  'scores'?: (string)[];
  /**
   * The features it relies on most, strongest first.
   */
  'features'?: (string)[];
  /**
   * Where it serves or is tried.
   */
  'uses'?: (_suho_v1_ModelUse)[];
  /**
   * Beside production, while it is tried.
   */
  'trial'?: (_suho_v1_ModelComparison | null);
  /**
   * What was done to it, newest first, a hundred at most.
   */
  'history'?: (_suho_v1_ModelAct)[];
  /**
   * What would move its trial on or end it, the next step first.
   */
  'outcomes'?: (_suho_v1_TrialOutcome)[];
  /**
   * What calibrates its probabilities, in words; empty where that is not known.
   */
  'calibration'?: (string);
}

/**
 * All that is known of a version.
 */
export interface ModelDetails__Output {
  /**
   * What the list says of it.
   */
  'model': (_suho_v1_Model__Output | null);
  /**
   * How it is built.
   */
  'architecture': (string);
  /**
   * JSON.
   */
  'hyperparameters': (string);
  /**
   * Scores of its walk-forward validation, JSON, one a horizon.
   */
  'scores': (string)[];
  /**
   * The features it relies on most, strongest first.
   */
  'features': (string)[];
  /**
   * Where it serves or is tried.
   */
  'uses': (_suho_v1_ModelUse__Output)[];
  /**
   * Beside production, while it is tried.
   */
  'trial': (_suho_v1_ModelComparison__Output | null);
  /**
   * What was done to it, newest first, a hundred at most.
   */
  'history': (_suho_v1_ModelAct__Output)[];
  /**
   * What would move its trial on or end it, the next step first.
   */
  'outcomes': (_suho_v1_TrialOutcome__Output)[];
  /**
   * What calibrates its probabilities, in words; empty where that is not known.
   */
  'calibration': (string);
}
