// Original file: proto/suho/v1/suho.proto


/**
 * One step of a replay.
 */
export interface ReplayStep {
  /**
   * feature row, sequence channels, model, similar moments or signal.
   */
  'part'?: (string);
  /**
   * same: bit for bit; differs; gone: something it needs is no longer kept; not_used: the signal was made without it.
   */
  'outcome'?: (string);
  /**
   * In a sentence, what differs or is missing; empty when it is the same.
   */
  'note'?: (string);
}

/**
 * One step of a replay.
 */
export interface ReplayStep__Output {
  /**
   * feature row, sequence channels, model, similar moments or signal.
   */
  'part': (string);
  /**
   * same: bit for bit; differs; gone: something it needs is no longer kept; not_used: the signal was made without it.
   */
  'outcome': (string);
  /**
   * In a sentence, what differs or is missing; empty when it is the same.
   */
  'note': (string);
}
