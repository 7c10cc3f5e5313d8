import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ForceIndex, MACD, SMA } from 'technicalindicators';
import { FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import { loadConfig } from '../../engine/config.js';
import { Engine } from '../../engine/engine.js';
import { runCommand } from '../support/command.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars, toCsv } from '../support/markets.js';

const EXTRAS = [
  { indicator: 'SMA', parameters: { period: 7 }, input: 'hl2' as const, prefix: 'my_sma' },
  { indicator: 'ForceIndex', parameters: { period: 5 }, input: 'bar' as const, prefix: 'force_5' },
  {
    indicator: 'MACD',
    parameters: {
      fastPeriod: 5,
      slowPeriod: 9,
      signalPeriod: 4,
      SimpleMAOscillator: false,
      SimpleMASignal: false,
    },
    input: 'close' as const,
    prefix: 'fast',
  },
];
const TENANTS = [
  { id: 'acme', extras: EXTRAS },
  { id: 'plain', extras: [] },
];

test("a tenant's own indicators are technicalindicators' numbers, live, after a restart and in a backfill", async (t) => {
  const folder = temporaryFolder(t);
  const bars = inventedBars(300, { seed: 6 });
  const closes = bars.map(({ close }) => close);
  const sma = SMA.calculate({ period: 7, values: bars.map(({ high, low }) => (high + low) / 2) });
  const force = ForceIndex.calculate({ period: 5, close: closes, volume: bars.map(({ volume }) => volume) });
  const macd = MACD.calculate({
    fastPeriod: 5,
    slowPeriod: 9,
    signalPeriod: 4,
    SimpleMAOscillator: false,
    SimpleMASignal: false,
    values: closes,
  });

  const data = path.join(folder, 'data');
  for (const [from, to] of [
    [0, 170],
    [170, 300],
  ] as const) {
    const engine = await openEngine(t, data, { tenants: TENANTS });
    let group = '';
    for (const tenantId of ['acme', 'plain'])
      group = await engine.instruments.follow({
        feed: 'test',
        symbol: 'EURUSD',
        base: '1h',
        tenantId,
        timeframe: '1h',
      });
    engine.intake.ingestBars(group, bars.slice(from, to));
    await engine.settled();
    await engine.journal.durable();
    await engine.stored();
    if (to === 300) {
      const versions = await engine.features.sql(
        'SELECT tenant_id, count() AS n, any(feature_set_version) AS v, length(any(extras)) AS e FROM ml_features GROUP BY tenant_id ORDER BY tenant_id',
      );
      assert.equal(versions.length, 2, 'the tenant without extras has no rows of its own');
      assert.match(String(versions[0]!['v']), new RegExp(`^${FEATURE_SET_VERSION}\\+[0-9a-f]{8}$`));
      assert.deepEqual(
        versions.map(({ tenant_id, n, e }) => ({ tenant_id, n, e })),
        [
          { tenant_id: 'acme', n: 300, e: 5 },
          { tenant_id: 'platform', n: 300, e: 0 },
        ],
      );
    }
    await engine.stop();
  }

  const series = ['--tenant', 'acme', '--symbol', 'EURUSD', '--timeframe', '1h'];
  const rowsOf = async (feed: string): Promise<Record<string, number | null>[]> => {
    const out = path.join(folder, `${feed}.jsonl`);
    const { stdout, code, stderr } = await runCommand([
      'features',
      'export',
      '--from-store',
      ...series,
      '--feed',
      feed,
      '--format',
      'jsonl',
      '--out',
      out,
      '--data',
      data,
      '--json',
    ]);
    assert.equal(code, 0, stderr + stdout);
    return readFileSync(out, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, number | null>);
  };
  const live = await rowsOf('test');
  assert.equal(live.length, 300);
  const f = (x: number | undefined): number | null => (x === undefined ? null : Math.fround(x));
  live.forEach((row, i) => {
    assert.equal(row['my_sma'], f(sma[i - 6]), `bar ${i}`);
    assert.equal(row['force_5'], f(force[i - 5]));
    const line = macd[i - 8];
    assert.equal(row['fast_macd'], f(line?.MACD));
    assert.equal(row['fast_signal'], f(line?.signal));
    assert.equal(row['fast_histogram'], f(line?.histogram));
  });

  const file = path.join(folder, 'bars.csv');
  const config = path.join(folder, 'suho.json');
  writeFileSync(file, toCsv(bars));
  writeFileSync(config, JSON.stringify({ tenants: TENANTS }));
  const result = await runCommand(['backfill', file, ...series, '--config', config, '--data', data]);
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual(await rowsOf('history'), live, 'the backfill gives the live rows');
});

for (const [extra, pattern] of [
  [
    { ...EXTRAS[0]!, indicator: 'Magic' },
    /The extra indicator Magic \(my_sma\) of tenant acme is not one of ADL, .*SMA/,
  ],
  [{ ...EXTRAS[0]!, input: 'bar' as const }, /does not work with these parameters: it gave no number/],
  [
    { ...EXTRAS[0]!, parameters: { period: 7, smoothing: 2 } },
    /SMA \(my_sma\) of tenant acme has no parameter smoothing\.$/,
  ],
  [
    { ...EXTRAS[2]!, parameters: { ...EXTRAS[2]!.parameters, SimpleMAOscilator: true } },
    /MACD \(fast\) of tenant acme has no parameter SimpleMAOscilator\.$/,
  ],
  [{ ...EXTRAS[0]!, prefix: 'rsi_14' }, /would make a second column rsi_14/],
] as const) {
  test(`a wrong extra indicator is refused at start: ${pattern.source.slice(0, 40)}`, async (t) => {
    const config = loadConfig(
      undefined,
      {},
      { data: temporaryFolder(t), log: 'silent', tenants: [{ id: 'acme', extras: [extra] }] },
    );
    await assert.rejects(Engine.open(config), (error: Error) => {
      assert.match(error.message, pattern);
      return true;
    });
  });
}
