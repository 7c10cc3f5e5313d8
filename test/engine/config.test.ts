import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { configSchema } from '../../engine/config-schema.js';
import { loadConfig, type ConfigInput } from '../../engine/config.js';
import { isTenantId, readTenantId } from '../../engine/credentials/tenant-id.js';
import { SuhoError } from '../../engine/errors.js';
import { temporaryFolder } from '../support/engine.js';

const HASHES = ['a', 'b', 'c'].map((letter) => letter.repeat(64)) as [string, string, string];

/** A configuration in which every object there can be is there. */
const WHOLE: ConfigInput = {
  grpc: { tls: { certFile: 'c', keyFile: 'k' } },
  clickhouse: {},
  postgres: {},
  artifacts: {},
  weaviate: {},
  nats: {},
  redis: {},
  polygon: {},
  tracing: {},
  auth: { jwt: { issuer: 'i', audience: 'a', jwksUri: 'https://i' } },
  quotas: {},
  metrics: {},
  console: {},
  backup: {},
  journal: {},
  inference: {},
  features: {},
  patterns: {},
  training: { retraining: {} },
  rollout: {},
  bars: {},
  simulator: {},
  tenants: [
    {
      id: 'acme',
      apiKeySha256: [{ sha256: HASHES[0], role: 'trader' }],
      quotas: {},
      series: [{ symbol: 'EURUSD', timeframe: '1h' }],
      extras: [{ indicator: 'SMA', input: 'close', prefix: 'sma' }],
      gates: {},
    },
  ],
};

type Path = readonly (string | number)[];

/** Paths of all objects of the schema, with the settings of each; lists and kinds of value are gone through. */
function objectsOf(
  schema: unknown,
  at: Path = [],
): { readonly at: Path; readonly keys: readonly string[] }[] {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional)
    return objectsOf(schema.unwrap(), at);
  if (schema instanceof z.ZodArray) return objectsOf(schema.element, [...at, 0]);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => objectsOf(option, at));
  if (!(schema instanceof z.ZodObject)) return [];
  const inner = Object.entries(schema.shape).flatMap(([key, value]) => objectsOf(value, [...at, key]));
  return [{ at, keys: Object.keys(schema.shape) }, ...inner];
}

function objectAt(config: unknown, at: Path): Record<string, unknown> {
  return at.reduce(
    (value: unknown, key) => (value as Record<string | number, unknown>)[key],
    config,
  ) as Record<string, unknown>;
}

function refusal(config: object, environment: NodeJS.ProcessEnv = {}): string {
  try {
    loadConfig(undefined, environment, config);
  } catch (error) {
    assert.ok(error instanceof SuhoError && error.code === 'BAD_CONFIG', String(error));
    return error.message;
  }
  assert.fail(`taken: ${JSON.stringify({ config, environment })}`);
}

test('a setting that does not exist is refused by name at every level, and a misspelt one with what was meant', () => {
  loadConfig(undefined, {}, WHOLE);
  const objects = objectsOf(configSchema);
  assert.ok(objects.length >= 22, `${objects.length} objects were found`);
  for (const { at, keys } of objects) {
    const name = at
      .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
      .join('')
      .slice(1);
    const wrong = structuredClone(WHOLE);
    assert.ok(objectAt(wrong, at) !== undefined, `WHOLE lacks ${name}`);
    objectAt(wrong, at)['surprise'] = 1;
    assert.match(refusal(wrong), /^The configuration has no setting .*surprise\.$/, name);
    assert.ok(refusal(wrong).includes(name === '' ? 'surprise' : `${name}.surprise`), refusal(wrong));
    for (const key of keys) {
      const misspelt = structuredClone(WHOLE);
      objectAt(misspelt, at)[`${key}s`] = 1;
      const [mended] = keys.includes(`${key}s`) ? [undefined] : [key];
      if (mended !== undefined)
        assert.match(refusal(misspelt), new RegExp(`did you mean ${mended}\\?$`), `${name}.${key}`);
    }
  }
});

test('a key that JSON gives a meaning of its own is refused as well', (t) => {
  const file = path.join(temporaryFolder(t), 'config.json');
  for (const text of [
    '{"__proto__":{"log":"info"}}',
    '{"grpc":{"__proto__":{"port":1}}}',
    '{"constructor":1}',
  ]) {
    writeFileSync(file, text);
    assert.throws(() => loadConfig(file, {}), /The configuration has no setting/, text);
  }
  for (const text of ['[]', 'null', '"text"', '1', '', '{']) {
    writeFileSync(file, text);
    assert.throws(
      () => loadConfig(file, {}),
      (error) => error instanceof SuhoError && error.code === 'BAD_CONFIG' && error.message.includes(file),
      text,
    );
  }
});

test('a misspelt variable is refused with the one that was meant, also in the lists it holds', () => {
  assert.match(refusal({}, { SUHO_GRPC_PROT: '1' }), /SUHO_GRPC_PROT; did you mean SUHO_GRPC_PORT\?$/);
  assert.match(
    refusal({}, { SUHO_INFERENCE_QUEUE_MAXX: '1' }),
    /SUHO_INFERENCE_QUEUE_MAXX; did you mean SUHO_INFERENCE_QUEUE_MAX\?$/,
  );
  assert.match(refusal({}, { SUHO_API_KYE: '1' }), /did you mean SUHO_API_KEY\?$/);
  assert.match(refusal({}, { SUHO_QQQQ: '1' }), /variable SUHO_QQQQ\.$/);
  assert.match(
    refusal({}, { SUHO_TENANTS: JSON.stringify([{ id: 'acme', apiKeysSha256: [HASHES[0]] }]) }),
    /tenants\[0\]\.apiKeysSha256; did you mean apiKeySha256\?$/,
  );
  assert.match(
    refusal({}, { SUHO_GRPC_PORT: '1', SUHO_GRPCPORT: '2' }),
    /SUHO_GRPC_PORT and SUHO_GRPCPORT both set grpc\.port/,
  );
  assert.match(refusal({}, { SUHO_TENANTS: 'acme' }), /at tenants: /);
});

/** Paths of all settings of the schema that are no objects. */
function settingsOf(schema: unknown): Path[] {
  return objectsOf(schema).flatMap(({ at, keys }) => keys.map((key) => [...at, key]));
}

function withSetting(at: Path, value: unknown): object {
  const config = structuredClone(WHOLE);
  objectAt(config, at.slice(0, -1))[at.at(-1)!] = value;
  return config;
}

test('no time that is set is longer than a timer can be: Node runs one of 25 days after a millisecond', () => {
  const times = settingsOf(configSchema).filter((at) =>
    /(?<!PerSecond)(?:Ms|Seconds)$/.test(String(at.at(-1))),
  );
  assert.ok(times.length >= 5, times.join());
  for (const at of times) {
    const unit = String(at.at(-1)).endsWith('Ms') ? 1 : 1_000;
    for (const value of [2 ** 31 / unit, 1e300, Infinity, NaN, -1])
      assert.ok(refusal(withSetting(at, value)).includes(String(at.at(-1))), `${at.join('.')} ${value}`);
  }
});

test('what would be taken for another folder or address is refused, and what could never be run', () => {
  for (const [at, value] of [
    [['data'], ''],
    [['grpc', 'host'], ''],
    [['inference', 'workers'], 1e6],
    [['journal', 'maxMegabytes'], 1e300],
    [['simulator', 'speed'], 1e300],
    [
      ['simulator', 'symbols'],
      ['EURUSD', 'gbpusd', 'eur/usd'],
    ],
  ] as const)
    assert.ok(refusal(withSetting(at, value)).includes(at.at(-1)!), at.join('.'));
  assert.match(refusal({}, { SUHO_DATA: '' }), /data/);
});

test('what must be there once is refused the second time, saying where the first is', () => {
  const tenant = (id: string, ...keys: string[]) => ({ id, apiKeySha256: keys });
  assert.match(
    refusal({ tenants: [tenant('acme'), tenant('ACME')] }),
    /tenants\[1\]\.id: .*tenants\[0\]\.id/,
  );
  assert.match(
    refusal({ tenants: [tenant('acme', HASHES[0]), tenant('zen', HASHES[1], HASHES[0])] }),
    /tenants\[1\]\.apiKeySha256\[1\]: .*tenants\[0\]\.apiKeySha256\[0\]/,
  );
  assert.match(
    refusal({
      tenants: [{ id: 'acme', apiKeySha256: [HASHES[2], { sha256: HASHES[2], role: 'viewer' }] }],
    }),
    /tenants\[0\]\.apiKeySha256\[1\]: .*tenants\[0\]\.apiKeySha256\[0\]/,
  );
  const twice = [
    { symbol: 'EUR/USD', timeframe: '1h' },
    { feed: 'simulated', symbol: 'eurusd', timeframe: '1h' },
  ] as const;
  assert.match(
    refusal({ tenants: [{ id: 'acme', series: twice }] }),
    /tenants\[0\]\.series\[1\]: simulated EURUSD 1h/,
  );
  // The same series of two tenants, and two series of one symbol, are what configurations are for.
  loadConfig(
    undefined,
    {},
    {
      tenants: [
        { id: 'acme', series: [twice[0], { symbol: 'EURUSD', timeframe: '4h' }] },
        { id: 'zen', series: [twice[0]] },
      ],
    },
  );
});

test('no tenant is the platform, and no two tenants can have one key made of their ids', () => {
  for (const id of ['platform', 'Platform', 'PLATFORM']) {
    assert.throws(() => readTenantId(id), /reserved/);
    assert.match(refusal({ tenants: [{ id }] }), /tenants\[0\]\.id: .*reserved/);
  }
  for (const id of ['', 'a@b', 'a:b', 'a/b', 'a|b', 'a.b', '-a', 'a b', 'a\n', 'a'.repeat(64), '🐢', 'ſ']) {
    assert.throws(() => readTenantId(id), /is not a tenant id/, id);
    assert.match(refusal({ tenants: [{ id }] }), /tenants\[0\]\.id: /, id);
  }
  // As actors, instruments, partitions and subjects are named: parts joined by a separator.
  const keysOf = (id: string, [feed, symbol]: readonly [string, string]): string[] => [
    `tenant:${id}`,
    `signal:${id}:${feed}/${symbol}/1h`,
    `${id}@${feed}/${symbol}`,
    `signal:${id}:${id}@${feed}/${symbol}/1h`,
    `${id}|${symbol}|1h|1`,
    `suho.signals.${id}.${symbol}.1h`,
  ];
  const id = fc.string({ unit: fc.constantFrom(...'abAB09-_@:/|. '.split('')), minLength: 1, maxLength: 8 });
  const series = fc.constantFrom(
    ['simulated', 'EURUSD'] as const,
    ['published', 'EURUSD'] as const,
    ['a', 'BC'] as const,
  );
  fc.assert(
    fc.property(id, id, series, series, (a, b, first, second) => {
      if (a === b || !isTenantId(a) || !isTenantId(b)) return;
      const other = new Set(keysOf(b, second));
      for (const key of keysOf(a, first)) assert.ok(!other.has(key), `${a} and ${b} share ${key}`);
    }),
    { numRuns: 5_000 },
  );
  fc.assert(
    fc.property(id, (text) => {
      if (isTenantId(text)) assert.equal(text.split(/[@:/|.\s]/).length, 1);
    }),
    { numRuns: 5_000 },
  );
});
