import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MetricsServer } from '../../engine/ops/metrics/metrics-server.js';
import { VERSION } from '../../engine/version.js';
import { bars, served } from '../support/api.js';
import { afterTest } from '../support/cleanup.js';
import { ACME, KEY, codeOf } from '../support/served.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const DEPLOY = path.join(ROOT, 'deploy');

/** An engine that took bars and refused some calls, and its metrics. */
async function scraped(t: TestContext): Promise<{ text: string; url: string; read: () => Promise<string> }> {
  const { api, client } = await served(t, {
    tenants: [{ ...ACME, quotas: { streams: 1 } }, { id: 'zen' }],
  });
  const metrics = new MetricsServer(api.metricsSource());
  const port = await metrics.listen('127.0.0.1', 0);
  afterTest(t, async () => await metrics.stop());
  const url = `http://127.0.0.1:${port}`;
  const read = async (): Promise<string> => await (await fetch(`${url}/metrics`)).text();
  await client.publish(bars.slice(0, 40), KEY);
  await client.publish(bars.slice(0, 10), KEY);
  await client.call('EngineService', 'GetHealth', {}, KEY);
  assert.equal(
    await codeOf(
      client.call('SignalService', 'GetLatestSignal', { symbol: 'EURUSD', timeframe: 'TIMEFRAME_1H' }, KEY),
    ),
    'NOT_FOUND',
  );
  const open = client.stream({}, KEY);
  open.on('error', () => undefined);
  await new Promise((resolve) => open.once('metadata', resolve));
  assert.equal(await codeOf(client.stream({}, KEY)), 'RESOURCE_EXHAUSTED');
  return { text: await read(), url, read };
}

/** Value of a sample by its name and labels. */
function valueOf(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const line = text
    .split('\n')
    .find(
      (each) =>
        each.startsWith(name) &&
        /[ {]/.test(each.charAt(name.length)) &&
        Object.entries(labels).every(([label, value]) => each.includes(`${label}="${value}"`)),
    );
  assert.ok(line !== undefined, `${name} ${JSON.stringify(labels)}`);
  return Number(line.slice(line.lastIndexOf(' ') + 1));
}

test('what only grows is a counter, and the rest is none; calls, quotas and tenants are counted', async (t) => {
  const { text, read, url } = await scraped(t);
  const types = [...text.matchAll(/^# TYPE (suho_\w+) (\w+)$/gm)].map(
    ([, name, type]) => [name!, type!] as const,
  );
  assert.ok(types.length >= 30, String(types.length));
  for (const [name, type] of types)
    if (type !== 'histogram') assert.equal(type, name.endsWith('_total') ? 'counter' : 'gauge', name);
  assert.equal(valueOf(text, 'suho_bars_total'), 40);
  assert.equal(valueOf(text, 'suho_duplicates_total'), 10);
  assert.equal(valueOf(text, 'suho_build_info', { version: VERSION }), 1);
  assert.equal(valueOf(text, 'suho_ready'), 1);
  const service = '/suho.v1.SignalService';
  const labels = { method: `${service}/GetLatestSignal`, code: 'NOT_FOUND', reason: 'NOT_FOUND' };
  assert.equal(valueOf(text, 'suho_calls_total', labels), 1);
  assert.equal(
    valueOf(text, 'suho_calls_total', { method: '/suho.v1.EngineService/GetHealth', code: 'OK' }),
    1,
  );
  assert.equal(
    valueOf(text, 'suho_calls_total', { method: '/suho.v1.MarketDataService/PublishBars', code: 'OK' }),
    2,
  );
  assert.equal(
    valueOf(text, 'suho_calls_total', { method: `${service}/StreamSignals`, reason: 'QUOTA_EXCEEDED' }),
    1,
  );
  assert.equal(valueOf(text, 'suho_tenant_refused_total', { tenant: 'acme', quota: 'streams' }), 1);
  assert.equal(valueOf(text, 'suho_tenant_streams', { tenant: 'acme' }), 1);
  assert.equal(valueOf(text, 'suho_tenant_instruments', { tenant: 'acme' }), 1);
  assert.equal(valueOf(text, 'suho_tenant_instruments', { tenant: 'zen' }), 0);
  assert.equal(valueOf(text, 'suho_tenant_outcomes_total', { tenant: 'acme', outcome: 'no_model' }), 40);
  // Read again, nothing is counted twice.
  assert.equal(valueOf(await read(), 'suho_bars_total'), 40);
  for (const [page, status] of [
    ['livez', 200],
    ['readyz', 200],
    ['healthz', 200],
    ['none', 404],
  ] as const)
    assert.equal((await fetch(`${url}/${page}`)).status, status, page);
});

test('ready and alive are two things', async (t) => {
  const { api } = await served(t);
  const metrics = new MetricsServer(api.metricsSource());
  const port = await metrics.listen('127.0.0.1', 0);
  afterTest(t, async () => await metrics.stop());
  api.health.preparing = true;
  assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 503);
  assert.equal((await fetch(`http://127.0.0.1:${port}/livez`)).status, 200);
});

test('every metric of the alerts and dashboards is one that an engine has, with the labels they ask for', async (t) => {
  const { text } = await scraped(t);
  const known = new Set([...text.matchAll(/^# TYPE (\w+) \w+$/gm)].map(([, name]) => name!));
  const rules = readFileSync(path.join(DEPLOY, 'prometheus', 'suho.rules.yml'), 'utf8');
  const dashboards = readdirSync(path.join(DEPLOY, 'grafana')).map((file) =>
    readFileSync(path.join(DEPLOY, 'grafana', file), 'utf8'),
  );
  assert.equal(dashboards.length, 4);
  const queries = [
    ...[...rules.matchAll(/expr: (.+)$/gm)].map(([, query]) => query!),
    ...[...rules.matchAll(/expr: \|\n((?: {10,}.+\n)+)/g)].map(([, query]) => query!),
    ...dashboards.flatMap((page) =>
      (JSON.parse(page) as { panels: { targets: { expr: string }[] }[] }).panels.flatMap(({ targets }) =>
        targets.map(({ expr }) => expr),
      ),
    ),
  ];
  assert.ok(queries.length > 60, String(queries.length));
  let asked = 0;
  for (const query of queries)
    for (const [name] of query.matchAll(/(?<![:\w])(?:suho|process|nodejs)_\w+(?!:)/g)) {
      asked++;
      assert.ok(
        known.has(name.replace(/_(bucket|sum|count)$/, '')) || known.has(name),
        `${name} in ${query}`,
      );
    }
  assert.ok(asked > 60, String(asked));
});

test('the dashboards are what scripts/write-dashboards.mjs writes', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'suho-dashboards-'));
  afterTest(t, () => rmSync(folder, { recursive: true }));
  execFileSync(process.execPath, [path.join(ROOT, 'scripts', 'write-dashboards.mjs'), folder]);
  for (const file of readdirSync(folder))
    assert.equal(
      readFileSync(path.join(DEPLOY, 'grafana', file), 'utf8'),
      readFileSync(path.join(folder, file), 'utf8'),
      `${file}: run npm run generate`,
    );
});

/** promtool, where it is installed; .ci/run installs it. */
const PROMTOOL = [path.join(homedir(), 'go', 'bin', 'promtool'), '/usr/bin/promtool'].find((file) =>
  existsSync(file),
);

test(
  'promtool accepts the metrics and the rules, and each alert fires when it should',
  { skip: PROMTOOL === undefined && 'promtool is not installed (apt-get install prometheus)' },
  async (t) => {
    const run = (args: readonly string[], input?: string): string => {
      const { status, stdout, stderr } = spawnSync(PROMTOOL!, args, { encoding: 'utf8', input });
      assert.equal(status, 0, `${stdout}${stderr}`);
      return stdout;
    };
    run(['check', 'rules', path.join(DEPLOY, 'prometheus', 'suho.rules.yml')]);
    run(['test', 'rules', path.join(DEPLOY, 'prometheus', 'suho.rules.test.yml')]);
    const { text } = await scraped(t);
    // Node's own families, from prom-client, are not this engine's to name.
    const own = text
      .split('\n')
      .filter((line) => /^(# (HELP|TYPE) )?suho_/.test(line))
      .join('\n');
    run(['check', 'metrics'], `${own}\n`);
  },
);
