// Original file: proto/suho/v1/suho.proto


/**
 * What watches models found, and what is trained again.
 */
export interface LearningHealth {
  /**
   * Alerts that nobody has seen yet; there being one makes the engine degraded.
   */
  'alerts_open'?: (number);
  /**
   * Alerts that someone has seen and not closed.
   */
  'alerts_acknowledged'?: (number);
  /**
   * Models whose drift is watched, one for each series they serve.
   */
  'models_watched'?: (number);
  /**
   * Models that keep no reference of their training: their drift is not watched.
   */
  'models_without_reference'?: (number);
  /**
   * Trainings that wait.
   */
  'trainings_queued'?: (number);
  /**
   * Trainings that run.
   */
  'trainings_running'?: (number);
  /**
   * Processor time of trainings in the last hour, seconds.
   */
  'training_cpu_seconds'?: (number | string);
  /**
   * What of it is allowed, seconds.
   */
  'training_budget_seconds'?: (number | string);
}

/**
 * What watches models found, and what is trained again.
 */
export interface LearningHealth__Output {
  /**
   * Alerts that nobody has seen yet; there being one makes the engine degraded.
   */
  'alerts_open': (number);
  /**
   * Alerts that someone has seen and not closed.
   */
  'alerts_acknowledged': (number);
  /**
   * Models whose drift is watched, one for each series they serve.
   */
  'models_watched': (number);
  /**
   * Models that keep no reference of their training: their drift is not watched.
   */
  'models_without_reference': (number);
  /**
   * Trainings that wait.
   */
  'trainings_queued': (number);
  /**
   * Trainings that run.
   */
  'trainings_running': (number);
  /**
   * Processor time of trainings in the last hour, seconds.
   */
  'training_cpu_seconds': (number);
  /**
   * What of it is allowed, seconds.
   */
  'training_budget_seconds': (number);
}
