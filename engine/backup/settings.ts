import { z } from 'zod';

/** Settings of backups. */
export const backup = z
  .strictObject({
    folder: z
      .string()
      .min(1)
      .optional()
      .describe('Folder that suho backup writes into; without it, backups/ in the data folder'),
  })
  .prefault({});
