// Original file: proto/suho/v1/suho.proto

import type { ModelRef as _suho_v1_ModelRef, ModelRef__Output as _suho_v1_ModelRef__Output } from '../../suho/v1/ModelRef.js';
import type { ModelChange as _suho_v1_ModelChange, ModelChange__Output as _suho_v1_ModelChange__Output } from '../../suho/v1/ModelChange.js';

export interface ChangeModelRequest {
  'model'?: (_suho_v1_ModelRef | null);
  'change'?: (_suho_v1_ModelChange);
  /**
   * For CANARY and AB, between 0 and 1; without one 0.1 and 0.5.
   */
  'share'?: (number | string);
  /**
   * For AB: how long it goes on at most, 30 days without one.
   */
  'days'?: (number | string);
  /**
   * For SHADOW and CANARY: outcomes move it on or out by themselves, as they do for a retrained model.
   */
  'automatic'?: (boolean);
  /**
   * For the record; 1 to 500 characters.
   */
  'reason'?: (string);
}

export interface ChangeModelRequest__Output {
  'model': (_suho_v1_ModelRef__Output | null);
  'change': (_suho_v1_ModelChange__Output);
  /**
   * For CANARY and AB, between 0 and 1; without one 0.1 and 0.5.
   */
  'share': (number);
  /**
   * For AB: how long it goes on at most, 30 days without one.
   */
  'days': (number);
  /**
   * For SHADOW and CANARY: outcomes move it on or out by themselves, as they do for a retrained model.
   */
  'automatic': (boolean);
  /**
   * For the record; 1 to 500 characters.
   */
  'reason': (string);
}
