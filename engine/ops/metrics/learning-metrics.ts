import type { Families } from './families.js';
import type { MetricsSource } from './source.js';

/** States of a series without a model. */
const STATES = ['collecting', 'queued', 'training', 'failed', 'off'];

/** Models that may not serve, and series that wait for their first one. */
export function learningMetrics(add: Families, { health }: MetricsSource): void {
  add.gauge({
    name: 'suho_models_withheld',
    help: 'Models that may not serve',
    read: () => health().withheld_models.length,
  });
  add.gauge({
    name: 'suho_series_without_model',
    help: 'Series with signals but without a model',
    read: () => health().first_models.waiting,
  });
  add.gauge({
    name: 'suho_series_without_model_state',
    help: 'Series with signals but without a model, by what they wait for; the 1,000 most urgent at most',
    labels: ['state'],
    read: () => {
      const { series } = health().first_models;
      return STATES.map((state) => [{ state }, series.filter((one) => one.state === state).length]);
    },
  });
}

/** Name and help of each figure of alerts, monitors and trainings. */
const WATCHED = {
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

/** Alerts about models, what watches them, and what trains them again. */
export function watchMetrics(add: Families, { health }: MetricsSource): void {
  for (const field of Object.keys(WATCHED) as (keyof typeof WATCHED)[]) {
    const [name, help] = WATCHED[field];
    add.gauge({ name, help, read: () => health().learning[field] });
  }
}
