import { z } from 'zod';
import { DEFAULT_RULES } from './decision.js';

/** What can be set of the trials of models. */
export const rolloutSettings = z
  .strictObject({
    worthHaving: z
      .number()
      .positive()
      .max(1)
      .default(DEFAULT_RULES.worthHaving)
      .describe('Smallest decrease of the log-loss, in nats a bar, that is worth another model'),
    barsMax: z
      .number()
      .int()
      .min(100)
      .default(DEFAULT_RULES.barsMax)
      .describe('Bars with known outcomes after which a challenger that is not decided is retired'),
  })
  .prefault({});
