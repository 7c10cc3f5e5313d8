import { z } from 'zod';

/** Where traces go. */
export const tracingSettings = z
  .strictObject({
    url: z
      .string()
      .regex(/^https?:\/\//, 'an address that begins with http:// or https://')
      .optional()
      .describe(
        'OTLP/HTTP address that takes traces, such as http://127.0.0.1:4318/v1/traces; without it, none are made',
      ),
    ratio: z.number().min(0).max(1).default(0.01).describe('Share of the signals that are traced'),
    headers: z
      .record(z.string(), z.string())
      .default({})
      .describe('Headers of every export, such as a collector’s token'),
  })
  .prefault({});
