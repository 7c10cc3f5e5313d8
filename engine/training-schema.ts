import { z } from 'zod';
import { TRAINABLE } from './learning/families/names.js';

/** How models are trained, first and again. */
export const trainingSettings = z.strictObject({
  family: z
    .enum(TRAINABLE)
    .default('perceptron')
    .describe(
      'Kind of model the engine trains by itself; auto tries them all and keeps the best, or the mean of those that are alike',
    ),
  budgetSeconds: z
    .number()
    .positive()
    .max(86_400)
    .default(180)
    .describe('Time of one core that auto may take, as it estimates; kinds beyond it are left out'),
  rowsMax: z.number().int().min(1000).default(20_000),
  folds: z.number().int().min(1).max(10).default(3),
  seed: z.number().int().default(7),
  firstModels: z
    .boolean()
    .default(true)
    .describe('Whether series with signals get their first model by themselves'),
  retraining: z
    .strictObject({
      automatic: z
        .boolean()
        .default(true)
        .describe('Whether alerts, age and new data have models trained again; suho retrain works without'),
      budgetMinutesPerHour: z
        .number()
        .positive()
        .max(60)
        .default(10)
        .describe('Processor time that trainings of all tenants may take in an hour'),
      cooldownHours: z
        .number()
        .min(0)
        .max(8_760)
        .default(6)
        .describe('Time after a training of a series before the next that nobody asked for'),
      everyDays: z
        .number()
        .min(0)
        .max(3_650)
        .default(30)
        .describe('Days of its market after which a model is trained again; 0: never by age'),
      newDataShare: z
        .number()
        .min(0)
        .max(100)
        .default(0.5)
        .describe(
          'New bars, as a share of the rows it was trained on, after which a model is trained again; 0: never by them',
        ),
    })
    .prefault({}),
});
