import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { canonicalSymbol } from '../actors/market/symbol.js';
import { PRICE_BASES } from '../actors/market/quote.js';
import { TIMEFRAMES } from '../actors/market/timeframe.js';
import { backup } from './backup/settings.js';
import { trainingSettings } from './training-schema.js';
import { calendars } from './calendars-schema.js';
import { ROLES } from './credentials/caller.js';
import { NAME_RULE, isName, tenantIdDefect } from './credentials/tenant-id.js';
import { EXTRA_PRICES } from './feature-store/extra-prices.js';
import { polygonSettings } from './feeds/polygon/settings.js';
import { tracingSettings } from './ops/tracing-settings.js';
import { rolloutSettings } from './rollout/settings.js';

const symbol = z.string().transform((text, context) => {
  const canonical = canonicalSymbol(text);
  if (canonical === undefined) {
    context.addIssue({ code: 'custom', message: `"${text}" is not a symbol` });
    return z.NEVER;
  }
  return canonical;
});
const timeframe = z.enum(TIMEFRAMES);
const identifier = z.string().refine(isName, NAME_RULE);
const tenantId = z.string().superRefine((text, context) => {
  const defect = tenantIdDefect(text);
  if (defect !== undefined) context.addIssue({ code: 'custom', message: defect });
});

/** Longest time that may be set, in seconds: Node's timers run after a millisecond when they are set to 25 days or more. */
const SECONDS_MAX = 7 * 86_400;

/** An address with one of a family of schemes: `http` stands for `https` too. */
function address(scheme: string): z.ZodString {
  return z
    .string()
    .regex(
      new RegExp(`^(${scheme}|${scheme}s|${scheme.replace('postgresql', 'postgres')})://`),
      `an address that begins with ${scheme}://`,
    );
}

const series = z.strictObject({
  feed: identifier.default('simulated').describe('Shared feed the series comes from'),
  symbol,
  timeframe,
});

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'SHA-256 in lower-case hexadecimal');

const quotas = z.strictObject({
  callsPerSecond: z
    .number()
    .int()
    .min(0)
    .default(1_000)
    .describe('Calls, a stream counting once; 0: unlimited'),
  rowsPerSecond: z.number().int().min(0).default(100_000).describe('Bars and quotes; 0: unlimited'),
  messagesPerSecond: z
    .number()
    .int()
    .min(0)
    .default(10_000)
    .describe('Messages in open streams; 0: unlimited'),
  bytesPerSecond: z.number().int().min(0).default(50_000_000).describe('Bytes of requests; 0: unlimited'),
  streams: z.number().int().min(1).default(1_000).describe('Streams open at once, in and out'),
  instruments: z.number().int().min(1).default(500).describe('Symbols the tenant publishes itself'),
  series: z.number().int().min(1).default(1_000).describe('Timeframes of symbols it has signals on'),
  weight: z
    .number()
    .min(0.01)
    .max(100)
    .default(1)
    .describe('Its share beside the other tenants’ while there is more to do than can be done'),
});

const tenant = z.strictObject({
  id: tenantId,
  apiKeySha256: z
    .array(z.union([sha256, z.strictObject({ sha256, role: z.enum(ROLES), user: identifier.optional() })]))
    .default([])
    .describe('SHA-256 of each API key of the tenant; an operator’s key unless a role is given'),
  quotas: quotas.optional().describe('Quotas of this tenant, replacing the general ones as a whole'),
  series: z.array(series).default([]).describe('Series of shared feeds the tenant has signals for'),
  extras: z
    .array(
      z.strictObject({
        indicator: z.string().describe('Class of technicalindicators'),
        parameters: z.record(z.string(), z.union([z.number(), z.boolean(), z.string()])).default({}),
        input: z.enum([...EXTRA_PRICES, 'bar']),
        prefix: z
          .string()
          .regex(/^[a-z][a-z0-9_]{0,40}$/, 'lower-case letters, digits and _ only, 41 at most'),
      }),
    )
    .default([])
    .describe('Additional indicators, stored with the features of the series the tenant follows'),
  gates: z
    .strictObject({
      minDirectionalShare: z.number().min(0.5).max(1).default(0.52),
      minQualityScore: z.number().min(0).max(1).default(0.5),
      maxAnomaly: z.number().positive().default(3),
      onAnomaly: z.enum(['abstain', 'note']).default('abstain'),
      minReturnInSpreads: z.number().min(0).default(0),
    })
    .prefault({}),
});

type Tenant = z.output<typeof tenant>;

/** A setting of a tenant that has to differ from every other of its kind. */
interface Distinct {
  readonly key: string;
  readonly path: readonly (string | number)[];
  readonly message: (first: string) => string;
}

function distinctOf({ id, apiKeySha256, series: followed }: Tenant, index: number): Distinct[] {
  return [
    {
      key: `tenant ${id.toLowerCase()}`,
      path: [index, 'id'],
      message: (first) => `"${id}" is the id of ${first} too; ids are compared without case`,
    },
    ...apiKeySha256.map((key, i) => ({
      key: `key ${typeof key === 'string' ? key : key.sha256}`,
      path: [index, 'apiKeySha256', i],
      message: (first: string) => `this hash is at ${first} too; a key belongs to one tenant, once`,
    })),
    ...followed.map(({ feed, symbol: name, timeframe: length }, i) => ({
      key: `series ${index} ${feed}/${name}/${length}`,
      path: [index, 'series', i],
      message: (first: string) => `${feed} ${name} ${length} is at ${first} too`,
    })),
  ];
}

/** Refuses two tenants of one id, an API key that is given twice, and a series that a tenant names twice. */
function refuseDuplicates(tenants: readonly Tenant[], context: z.RefinementCtx): void {
  const seen = new Map<string, string>();
  for (const { key, path, message } of tenants.flatMap(distinctOf)) {
    const first = seen.get(key);
    if (first === undefined) seen.set(key, settingName(['tenants', ...path]));
    else context.addIssue({ code: 'custom', path: [...path], message: message(first) });
  }
}

/** A setting as people write it: `tenants[0].series[1].feed`. */
export function settingName(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}

/** Everything that can be set, with its default. */
export const configSchema = z.strictObject({
  data: z.string().min(1).default('suho-data').describe('Data folder'),
  log: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('warn'),
  grpc: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      port: z.number().int().min(0).max(65_535).default(50_051),
      subscriberQueueMax: z.number().int().positive().default(10_000),
      keepaliveSeconds: z
        .number()
        .min(0.1)
        .max(86_400)
        .default(30)
        .describe('Interval of the pings to a client'),
      keepaliveTimeoutSeconds: z
        .number()
        .min(0.1)
        .max(3_600)
        .default(10)
        .describe('A client that answers no ping for this long is disconnected'),
      callsPerConnection: z
        .number()
        .int()
        .positive()
        .default(2_000)
        .describe('Calls open at once on one connection'),
      tls: z
        .strictObject({
          certFile: z.string(),
          keyFile: z.string(),
          clientCaFile: z
            .string()
            .optional()
            .describe('CA of client certificates; if set, every client needs one'),
        })
        .optional(),
    })
    .prefault({}),
  clickhouse: z
    .strictObject({
      url: address('http')
        .optional()
        .describe('Server of features and bars; without it, ClickHouse in this process'),
      username: z.string().default('default'),
      password: z.string().default(''),
      database: z.string().default('default'),
    })
    .prefault({}),
  postgres: z
    .strictObject({
      url: address('postgresql')
        .optional()
        .describe('Server of predictions, trades and models; without it, an embedded one'),
      adminUrl: address('postgresql')
        .optional()
        .describe(
          'The same server, with the login that applies schemas at start; without it, run `suho schema apply`',
        ),
    })
    .prefault({}),
  artifacts: z
    .strictObject({
      uri: address('s3').optional().describe('s3://BUCKET/PREFIX for model files; without it, a folder'),
      endpoint: address('http').optional().describe('Address of an S3 server other than Amazon’s'),
      region: z.string().default('us-east-1'),
      accessKeyId: z.string().optional(),
      secretAccessKey: z.string().optional(),
    })
    .prefault({}),
  weaviate: z
    .strictObject({
      url: address('http')
        .optional()
        .describe('Server of similar moments; without it, an index in this process'),
      apiKey: z.string().optional(),
    })
    .prefault({}),
  nats: z
    .strictObject({
      url: address('nats').optional().describe('NATS with JetStream; without it, none is used'),
      username: z.string().optional(),
      password: z.string().optional(),
      token: z.string().optional(),
      credentialsFile: z.string().optional(),
      inboxPrefix: z
        .string()
        .regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/, 'letters, digits, - and _ only, with dots between')
        .optional()
        .describe('Prefix of the subjects of answers, for a login that may subscribe to no other'),
      consumer: identifier.default('suho').describe('Name of the durable consumers; one per engine'),
    })
    .prefault({}),
  tracing: tracingSettings,
  polygon: polygonSettings,
  redis: z
    .strictObject({
      url: address('redis').optional().describe('Redis, DragonflyDB or Valkey; without it, none is used'),
    })
    .prefault({}),
  auth: z
    .strictObject({
      jwt: z
        .strictObject({
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
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      port: z
        .number()
        .int()
        .min(0)
        .max(65_535)
        .optional()
        .describe('Port of the Prometheus metrics; without it, they are not served'),
    })
    .prefault({}),
  console: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Whether the web console is served'),
      host: z.string().min(1).default('127.0.0.1'),
      port: z.number().int().min(0).max(65_535).default(8_080),
      names: z
        .array(z.string().min(1).max(253))
        .max(20)
        .default([])
        .describe('Further host names it may be opened by, such as that of a proxy before it'),
    })
    .prefault({}),
  backup,
  journal: z.strictObject({ maxMegabytes: z.number().positive().max(1e8).default(4096) }).prefault({}),
  inference: z
    .strictObject({
      workers: z
        .number()
        .int()
        .positive()
        .max(256)
        .default(Math.max(1, Math.min(8, availableParallelism() - 1))),
      batchMax: z.number().int().min(1).max(1024).default(64),
      queueMax: z.number().int().positive().default(20_000),
      sessionMegabytes: z
        .number()
        .positive()
        .default(1024)
        .describe('Memory for open models, of all workers together'),
      deadlineMs: z
        .number()
        .positive()
        .max(SECONDS_MAX * 1_000)
        .default(150),
    })
    .prefault({}),
  features: z
    .strictObject({
      checkEverySeconds: z
        .number()
        .min(0)
        .max(SECONDS_MAX)
        .default(300)
        .describe('Interval at which a live row is recomputed from stored bars; 0: never'),
    })
    .prefault({}),
  patterns: z
    .strictObject({
      neighbours: z.number().int().positive().max(1000).default(64),
      relatedMarkets: z
        .number()
        .int()
        .min(0)
        .max(20)
        .default(0)
        .describe('Related markets whose similar moments are searched too; 0: only the market’s own'),
      momentsMax: z
        .number()
        .int()
        .min(1_000)
        .default(20_000)
        .describe('Moments with a known outcome kept per series and embedding; the oldest are dropped first'),
    })
    .prefault({}),
  rollout: rolloutSettings,
  training: trainingSettings.prefault({}),
  bars: z
    .strictObject({
      base: timeframe.default('1m').describe('Timeframe built from quotes'),
      basis: z.enum(PRICE_BASES).default('bid'),
    })
    .prefault({}),
  calendars: calendars.describe(
    'When days and 4-hour bars begin, by symbol; without it FX pairs 17:00 New York, all else 0:00 UTC',
  ),
  simulator: z
    .strictObject({
      symbols: z
        .array(symbol)
        .refine((given) => new Set(given).size === given.length, 'a symbol is there twice')
        .default(['EURUSD', 'GBPUSD', 'USDJPY', 'XAUUSD']),
      seed: z.number().int().default(1),
      enabled: z.boolean().default(true),
      timeframe: timeframe.default('1h'),
      speed: z.number().positive().max(1e6).default(3600).describe('Simulated seconds per real second'),
      historyBars: z.number().int().min(1000).default(4000),
      momentum: z
        .number()
        .min(0)
        .max(1)
        .default(0.62)
        .describe('Probability that a bar continues the direction of the last'),
    })
    .prefault({}),
  doorSeconds: z
    .number()
    .min(0.1)
    .max(SECONDS_MAX)
    .default(5)
    .describe(
      'How long a request waits for its turn when more comes in than can be done; then it is refused as OVERLOADED',
    ),
  drainSeconds: z
    .number()
    .min(0)
    .max(SECONDS_MAX)
    .default(10)
    .describe('How long a stop waits for the stores to take what is journalled'),
  tenants: z
    .array(tenant)
    .default([])
    .superRefine(refuseDuplicates)
    .describe('Tenants; none means one, "default", without credentials, on loopback only'),
});
