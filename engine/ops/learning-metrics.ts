/** Metrics of alerts, monitors and trainings: name and help of each field of the health message. */
export const LEARNING_METRICS = {
  alerts_open: ['suho_alerts_open', 'Alerts about models that nobody has seen yet'],
  alerts_acknowledged: ['suho_alerts_acknowledged', 'Alerts about models that were seen and are not closed'],
  models_watched: ['suho_models_watched', 'Models whose drift is watched, one for each series they serve'],
  models_without_reference: [
    'suho_models_without_reference',
    'Models without a reference of their training, whose drift is not watched',
  ],
  trainings_queued: ['suho_trainings_queued', 'Trainings that wait'],
  trainings_running: ['suho_trainings_running', 'Trainings that run'],
  training_cpu_seconds: ['suho_training_cpu_seconds', 'Processor time of trainings in the last hour'],
  training_budget_seconds: [
    'suho_training_budget_seconds',
    'Processor time that trainings may take in an hour',
  ],
} as const;
