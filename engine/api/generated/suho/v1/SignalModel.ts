// Original file: proto/suho/v1/suho.proto

import type { Model as _suho_v1_Model, Model__Output as _suho_v1_Model__Output } from '../../suho/v1/Model.js';
import type { PlanArm as _suho_v1_PlanArm, PlanArm__Output as _suho_v1_PlanArm__Output } from '../../suho/v1/PlanArm.js';

/**
 * Where a signal's model comes from.
 */
export interface SignalModel {
  /**
   * As the registry has it now.
   */
  'model'?: (_suho_v1_Model | null);
  /**
   * The arms that signals of the series have now.
   */
  'plan'?: (_suho_v1_PlanArm)[];
}

/**
 * Where a signal's model comes from.
 */
export interface SignalModel__Output {
  /**
   * As the registry has it now.
   */
  'model': (_suho_v1_Model__Output | null);
  /**
   * The arms that signals of the series have now.
   */
  'plan': (_suho_v1_PlanArm__Output)[];
}
