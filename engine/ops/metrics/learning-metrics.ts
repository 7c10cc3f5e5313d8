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
