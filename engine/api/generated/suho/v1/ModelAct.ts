// Original file: proto/suho/v1/models.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Something that was done to a model.
 */
export interface ModelAct {
  /**
   * Epoch milliseconds.
   */
  'time'?: (number | string | Long);
  /**
   * Empty for its registration.
   */
  'from_status'?: (string);
  /**
   * What it was then.
   */
  'to_status'?: (string);
  /**
   * Share of the bars as a canary.
   */
  'share'?: (number | string);
  /**
   * Who did it: a tenant, tenant/user, or a part of the engine.
   */
  'who'?: (string);
  /**
   * In which role.
   */
  'role'?: (string);
  /**
   * Why.
   */
  'reason'?: (string);
}

/**
 * Something that was done to a model.
 */
export interface ModelAct__Output {
  /**
   * Epoch milliseconds.
   */
  'time': (string);
  /**
   * Empty for its registration.
   */
  'from_status': (string);
  /**
   * What it was then.
   */
  'to_status': (string);
  /**
   * Share of the bars as a canary.
   */
  'share': (number);
  /**
   * Who did it: a tenant, tenant/user, or a part of the engine.
   */
  'who': (string);
  /**
   * In which role.
   */
  'role': (string);
  /**
   * Why.
   */
  'reason': (string);
}
