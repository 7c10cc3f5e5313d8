import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { canonicalSymbol } from '../actors/market/symbol.js';
import { PRICE_BASES } from '../actors/market/quote.js';
import { TIMEFRAMES } from '../actors/market/timeframe.js';
import { ROLES } from './credentials/caller.js';
import { SuhoError, messageOf, quoted } from './errors.js';
import { EXTRA_PRICES } from './feature-store/extra-prices.js';

const symbol = z.string().transform((text, context) => {
  const canonical = canonicalSymbol(text);
  if (canonical === undefined) {
    context.addIssue({ code: 'custom', message: `${quoted(text)} is not a symbol` });
    return z.NEVER;
  }
  return canonical;
});
const timeframe = z.enum(TIMEFRAMES);
const identifier = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/i, 'letters, digits, - and _ only, 63 at most');

/** An address with one of a family of schemes: `http` stands for `https` too. */
function address(scheme: string): z.ZodString {
  return z
    .string()
    .regex(
      new RegExp(`^(${scheme}|${scheme}s|${scheme.replace('postgresql', 'postgres')})://`),
      `an address that begins with ${scheme}://`,
    );
}

const series = z.object({
  feed: identifier.default('simulated').describe('Shared feed the series comes from'),
  symbol,
  timeframe,
});

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'SHA-256 in lower-case hexadecimal');

const quotas = z.object({
  callsPerSecond: z
    .number()
    .int()
    .min(0)
    .default(1_000)
    .describe('Calls, a stream counting once; 0 for any number'),
  rowsPerSecond: z.number().int().min(0).default(100_000).describe('Bars and quotes; 0 for any number'),
  messagesPerSecond: z
    .number()
    .int()
    .min(0)
    .default(10_000)
    .describe('Messages in open streams; 0 for any number'),
  bytesPerSecond: z.number().int().min(0).default(50_000_000).describe('Bytes of requests; 0 for any number'),
  streams: z.number().int().min(1).default(1_000).describe('Streams open at once, in and out'),
});

const tenant = z.object({
  id: identifier,
  apiKeySha256: z
    .array(z.union([sha256, z.object({ sha256, role: z.enum(ROLES), user: identifier.optional() })]))
    .default([])
    .describe('SHA-256 of each API key of the tenant; an operator’s unless its role is said'),
  quotas: quotas.optional().describe('What this tenant may use, in place of what all may'),
  series: z.array(series).default([]).describe('Series of shared feeds the tenant has signals for'),
  extras: z
    .array(
      z.object({
        indicator: z.string().describe('Class of technicalindicators'),
        parameters: z.record(z.string(), z.union([z.number(), z.boolean(), z.string()])).default({}),
        input: z.enum([...EXTRA_PRICES, 'bar']),
        prefix: z
          .string()
          .regex(/^[a-z][a-z0-9_]{0,40}$/, 'lower-case letters, digits and _ only, 41 at most'),
      }),
    )
    .default([])
    .describe('Further indicators, stored with the features of the series the tenant follows'),
  gates: z
    .object({
      minDirectionalShare: z.number().min(0.5).max(1).default(0.52),
      minQualityScore: z.number().min(0).max(1).default(0.5),
      maxAnomaly: z.number().positive().default(3),
      minReturnInSpreads: z.number().min(0).default(0),
    })
    .prefault({}),
});

/** Everything that can be set, with its default. */
const configSchema = z.object({
  data: z.string().default('suho-data').describe('Data folder'),
  log: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('warn'),
  grpc: z
    .object({
      host: z.string().default('127.0.0.1'),
      port: z.number().int().min(0).max(65_535).default(50_051),
      subscriberQueueMax: z.number().int().positive().default(10_000),
      keepaliveSeconds: z
        .number()
        .positive()
        .max(86_400)
        .default(30)
        .describe('Time between two pings of a client'),
      keepaliveTimeoutSeconds: z
        .number()
        .positive()
        .max(3_600)
        .default(10)
        .describe('A client that answers no ping for so long is dropped'),
      callsPerConnection: z
        .number()
        .int()
        .positive()
        .default(2_000)
        .describe('Calls open at once on one connection'),
      tls: z
        .object({
          certFile: z.string(),
          keyFile: z.string(),
          clientCaFile: z
            .string()
            .optional()
            .describe('Authority of client certificates; with it every client must have one'),
        })
        .optional(),
    })
    .prefault({}),
  clickhouse: z
    .object({
      url: address('http')
        .optional()
        .describe('Server of features and bars; without, the engine in this process'),
      username: z.string().default('default'),
      password: z.string().default(''),
      database: z.string().default('default'),
    })
    .prefault({}),
  postgres: z
    .object({
      url: address('postgresql')
        .optional()
        .describe('Server of predictions, trades and models; without, an embedded one'),
      adminUrl: address('postgresql')
        .optional()
        .describe('The same server for who may apply schemas; without, `suho schema apply` is for a person'),
    })
    .prefault({}),
  artifacts: z
    .object({
      uri: address('s3').optional().describe('s3://BUCKET/PREFIX for model files; without, a folder'),
      endpoint: address('http').optional().describe('Address of an S3 server that is not Amazon’s'),
      region: z.string().default('us-east-1'),
      accessKeyId: z.string().optional(),
      secretAccessKey: z.string().optional(),
    })
    .prefault({}),
  weaviate: z
    .object({
      url: address('http')
        .optional()
        .describe('Server of similar moments; without, an index in this process'),
      apiKey: z.string().optional(),
    })
    .prefault({}),
  nats: z
    .object({
      url: address('nats').optional().describe('NATS with JetStream; without, none'),
      username: z.string().optional(),
      password: z.string().optional(),
      token: z.string().optional(),
      credentialsFile: z.string().optional(),
      consumer: identifier.default('suho').describe('Name of the durable consumers: one for each engine'),
    })
    .prefault({}),
  redis: z
    .object({ url: address('redis').optional().describe('Redis, DragonflyDB or Valkey; without, none') })
    .prefault({}),
  auth: z
    .object({
      jwt: z
        .object({
          issuer: z.string(),
          audience: z.string(),
          jwksUri: address('http'),
          tenantClaim: z.string().default('tenant_id'),
          userClaim: z.string().default('sub'),
          roleClaim: z.string().default('role'),
        })
        .optional(),
    })
    .prefault({}),
  quotas: quotas.prefault({}).describe('What each tenant may use'),
  metrics: z
    .object({
      host: z.string().default('127.0.0.1'),
      port: z
        .number()
        .int()
        .min(0)
        .max(65_535)
        .optional()
        .describe('Prometheus metrics over HTTP; without, none'),
    })
    .prefault({}),
  journal: z.object({ maxMegabytes: z.number().positive().default(4096) }).prefault({}),
  inference: z
    .object({
      workers: z
        .number()
        .int()
        .positive()
        .default(Math.max(1, Math.min(8, availableParallelism() - 1))),
      batchMax: z.number().int().min(1).max(1024).default(64),
      queueMax: z.number().int().positive().default(20_000),
      deadlineMs: z.number().positive().default(150),
    })
    .prefault({}),
  features: z
    .object({
      checkEverySeconds: z
        .number()
        .min(0)
        .default(300)
        .describe('Time between two live rows that are computed again from stored bars; 0 for never'),
    })
    .prefault({}),
  patterns: z.object({ neighbours: z.number().int().positive().max(1000).default(64) }).prefault({}),
  training: z
    .object({
      rowsMax: z.number().int().min(1000).default(20_000),
      folds: z.number().int().min(1).max(10).default(3),
      seed: z.number().int().default(7),
    })
    .prefault({}),
  bars: z
    .object({
      base: timeframe.default('1m').describe('Timeframe built from quotes'),
      basis: z.enum(PRICE_BASES).default('bid'),
    })
    .prefault({}),
  simulator: z
    .object({
      symbols: z.array(symbol).default(['EURUSD', 'GBPUSD', 'USDJPY', 'XAUUSD']),
      seed: z.number().int().default(1),
      enabled: z.boolean().default(true),
      timeframe: timeframe.default('1h'),
      speed: z.number().positive().default(3600).describe('Simulated seconds in a real one'),
      historyBars: z.number().int().min(1000).default(4000),
      momentum: z
        .number()
        .min(0)
        .max(1)
        .default(0.62)
        .describe('Chance that a bar goes on the way of the last'),
    })
    .prefault({}),
  tenants: z
    .array(tenant)
    .default([])
    .describe('Tenants; none means one, "default", without credentials, on loopback only'),
});

export type Config = z.output<typeof configSchema>;
export type ConfigInput = z.input<typeof configSchema>;

/** Merges values into a nested object at a path. */
function place(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head = '', ...rest] = path;
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const next = (target[head] ??= {}) as Record<string, unknown>;
  place(next, rest, value);
}

/** Variables that are for commands which call an engine, not settings of one. */
const CLIENT_VARIABLES = new Set([
  'SUHO_ADDRESS',
  'SUHO_API_KEY',
  'SUHO_DEBUG',
  'SUHO_TLS',
  'SUHO_TLS_CA',
  'SUHO_TLS_CERT',
  'SUHO_TLS_KEY',
]);

/** Turns SUHO_GRPC_PORT=7000 into { grpc: { port: 7000 } }; names follow the schema, without case. */
function fromEnvironment(environment: NodeJS.ProcessEnv): Record<string, unknown> {
  const names = settingNames(configSchema, []);
  const result: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith('SUHO_') || text === undefined || CLIENT_VARIABLES.has(name)) continue;
    const setting = names.get(name.slice(5).replaceAll('_', '').toLowerCase());
    if (setting === undefined)
      throw new SuhoError('BAD_CONFIG', `There is no setting for the environment variable ${name}.`);
    let value: unknown = text;
    try {
      if (!setting.isText) value = JSON.parse(text);
    } catch {
      value = text;
    }
    place(result, setting.path, value);
  }
  return result;
}

interface Setting {
  readonly path: readonly string[];
  /** Whether it is taken as it is written: a password of digits is no number. */
  readonly isText: boolean;
}

function settingNames(schema: z.ZodType, path: readonly string[]): Map<string, Setting> {
  const names = new Map<string, Setting>();
  let inner: unknown = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional)
    inner = inner.unwrap();
  if (!(inner instanceof z.ZodObject))
    return names.set(path.join('').toLowerCase(), { path, isText: inner instanceof z.ZodString });
  for (const [key, value] of Object.entries(inner.shape as Record<string, z.ZodType>)) {
    for (const [name, found] of settingNames(value, [...path, key])) names.set(name, found);
  }
  return names;
}

function merge(a: Record<string, unknown>, b: Record<string, unknown>): Record<string, unknown> {
  const result = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const before = result[key];
    const nested = [before, value].every((x) => typeof x === 'object' && x !== null && !Array.isArray(x));
    result[key] = nested ? merge(before as Record<string, unknown>, value as Record<string, unknown>) : value;
  }
  return result;
}

/**
 * Reads the configuration once: defaults, then the file, then SUHO_* variables, then `overrides` (flags).
 * Throws `BAD_CONFIG` naming the setting that is wrong.
 */
export function loadConfig(
  file: string | undefined,
  environment: NodeJS.ProcessEnv,
  overrides: ConfigInput = {},
): Config {
  let fromFile: unknown = {};
  if (file !== undefined) {
    try {
      fromFile = JSON.parse(readFileSync(file, 'utf8'));
    } catch (error) {
      throw new SuhoError(
        'BAD_CONFIG',
        `The configuration file ${file} cannot be read: ${messageOf(error)}.`,
      );
    }
  }
  const given = merge(merge(fromFile as Record<string, unknown>, fromEnvironment(environment)), overrides);
  const parsed = configSchema.strict().safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') ?? '';
    throw new SuhoError(
      'BAD_CONFIG',
      `The configuration is wrong${where === '' ? '' : ` at ${where}`}: ${issue?.message ?? ''}.`,
    );
  }
  return parsed.data;
}
