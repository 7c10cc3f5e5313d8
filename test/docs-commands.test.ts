/** The commands that the documents show, run as a reader would: in their order, in one folder, against one engine. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { EngineHealth__Output as EngineHealth } from '../engine/api/generated/suho/v1/EngineHealth.js';
import type { Engine } from '../engine/engine.js';
import { seriesIdentity } from '../engine/instruments/ids.js';
import { afterTest } from './support/cleanup.js';
import { openEngine, temporaryFolder } from './support/engine.js';
import { inventedBars } from './support/markets.js';
import { PolygonServer, TEST_KEY } from './support/polygon-server.js';
import { BARS, COMMANDS, RAN, Reader, SHORT, plain } from './support/reader.js';
import { registerModel } from './support/rollout.js';
import { TestClient, eventually, serve } from './support/served.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Commands that this file does not run: which test does, or why none can. */
const ELSEWHERE: readonly (readonly [RegExp, string])[] = [
  [
    /^(cd goclient|go install|grpcurl|npx buf)/,
    'needs Go: test/services/go-client.test.ts runs each line of that page, and the calls by grpcurl of the other pages',
  ],
  [
    /^(npx suho start --no-simulator --data own|python3 -m venv|venv\/bin|PYTHONPATH)/,
    'needs packages of Python or Go: test/services/python-client.test.ts and go-client.test.ts run each line of their pages',
  ],
  [
    /^(npm ci && )?npm (test|start|ci|run)|^SUHO_FUZZ/,
    'starts what test/cli/start.test.ts starts, or runs this suite, parts of it with more repetitions, or measurements: a test below looks for its script',
  ],
];

/** Commands on files and data folders; the others talk to an engine. */
const ON_FILES =
  /suho (replay|train|backtest|experiment run|relations|bars|backfill|verify|features|models import|sql \w+ '.*' --data)/;

test('commands on files and data folders run as they are written', async (t) => {
  const reader = new Reader(temporaryFolder(t));
  await reader.follow(
    [
      'README.md',
      'docs/files.md',
      'docs/models.md',
      'docs/stores.md',
      'docs/backfill.md',
      'docs/python-models.md',
    ],
    ON_FILES,
  );
});

test('the development of a model runs as its page has it', async (t) => {
  await new Reader(temporaryFolder(t)).follow(['docs/DEPLOYMENT_WORKFLOW.md'], ON_FILES);
});

test('history of Polygon comes as the pages say, from a server of our own', async (t) => {
  const server = await PolygonServer.start(t);
  const from = Date.UTC(2023, 0, 2);
  for (const [ticker, lengthMs, begin] of [
    ['C:EURUSD', 60_000, Date.UTC(2024, 0, 2)],
    ['X:BTCUSD', HOUR, from],
    ['AAPL', HOUR, from],
  ] as const)
    server.aggregates.set(
      ticker,
      inventedBars(600, { lengthMs, from: begin }).map((bar) => ({
        t: bar.openTime,
        o: bar.open,
        h: bar.high,
        l: bar.low,
        c: bar.close,
        v: 1,
      })),
    );
  const reader = new Reader(temporaryFolder(t));
  assert.ok(COMMANDS.some(({ line }) => line.startsWith('export POLYGON_API_KEY=')));
  RAN.add('export POLYGON_API_KEY=…');
  reader.variables = { ...SHORT, POLYGON_API_KEY: TEST_KEY, SUHO_POLYGON_REST_URL: server.restUrl };
  await reader.follow(['README.md', 'docs/polygon.md'], /suho polygon backfill/);
  for (const ticker of ['C:EURUSD', 'X:BTCUSD', 'AAPL'])
    assert.ok(
      server.requests.some((request) => request.includes(`/ticker/${ticker}/range/`)),
      ticker,
    );
});

/** Gathers what a process writes. */
function listen(child: ChildProcess): () => string {
  let said = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (text: Buffer) => (said += text.toString()));
  return () => said;
}

/** The engine of the tutorial, on the folder that a model was trained in. */
async function startTutorial(
  t: TestContext,
  reader: Reader,
): Promise<{ engine: ChildProcess; client: TestClient }> {
  const engine = reader.start('suho start --data suho-data --no-simulator', ['--port', '0'], {
    SUHO_INFERENCE_DEADLINE_MS: '60000',
  });
  afterTest(t, () => engine.kill('SIGKILL'));
  const said = listen(engine);
  await eventually('it serves', () => /serving gRPC on/.test(said()), 300_000);
  const port = Number(/serving gRPC on \S+:(\d+);/.exec(said())![1]);
  reader.variables = { ...SHORT, SUHO_ADDRESS: `127.0.0.1:${port}` };
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  return { engine, client };
}

async function signalsOf(client: TestClient): Promise<{ prediction_id: string }[]> {
  const request = { symbols: ['EURUSD'], timeframes: ['TIMEFRAME_1H'] };
  return (
    await client.call<{ signals: { prediction_id: string }[] }>('SignalService', 'QuerySignals', request)
  ).signals;
}

/** What is said to an engine that goes on. */
const OF_AN_ENGINE =
  /suho (trades|explain|anomalies|status|instruments|keys|dead-letters|doctor|schema status|sql \w+ '[^']*'$|alerts list|retrain|jobs list|backup|restore|reload|audit|version)/;

test('from an export to a live signal, and all that is said to the engine then', async (t) => {
  const folder = temporaryFolder(t);
  const reader = new Reader(folder);
  await reader.follow(['docs/metatrader.md'], ON_FILES);
  const { engine, client } = await startTutorial(t, reader);

  // Step 5 of the tutorial: the newest bars of the history, then those that follow.
  const after = inventedBars(1_000, { momentum: 0.66, seed: 55, from: BARS.at(-1)!.openTime + HOUR });
  const history = BARS.slice(-200);
  await client.publish(history);
  for (let i = 0; i < 900; i += 300) await client.publish(after.slice(i, i + 300));
  await eventually('the model of the file serves', async () => {
    const { first_models: waiting } = await client.call<EngineHealth>('EngineService', 'GetHealth', {});
    return waiting!.series.length === 0;
  });
  const followers = ['npx suho signals --follow --json', 'suho signals --follow --symbol EURUSD'].map(
    (line) => reader.start(line),
  );
  for (const child of followers) afterTest(t, () => child.kill('SIGKILL'));
  const heard = followers.map(listen);
  await eventually('both follow', async () => {
    const { subscribers } = await client.call<EngineHealth>('EngineService', 'GetHealth', {});
    return subscribers >= 2;
  });
  await client.publish(after.slice(900, 960));
  await eventually('both are told', () => heard.every((said) => said().split('\n').length > 10));
  for (const child of followers) child.kill('SIGINT');
  assert.equal((JSON.parse(heard[0]!().split('\n')[0]!) as { symbol: string }).symbol, 'EURUSD');
  await eventually('its signals are stored', async () => (await signalsOf(client)).length > 40);

  const [signal] = await signalsOf(client);
  const trade = 'trade_id,prediction_id,side,quantity,entry_time,entry_price,exit_time,exit_price';
  writeFileSync(
    path.join(folder, 'closed-trades.csv'),
    `${trade}\nt2,${signal!.prediction_id},LONG,10000,2026-11-25T14:00:00Z,1.1577,2026-11-25T18:00:00Z,1.1590\n`,
  );
  reader.replaced = [
    [/PREDICTION_ID|\b[0-9a-f]{8}-[0-9a-f-]{27}\b/, signal!.prediction_id],
    [/acme@published/, 'default@published'],
  ];
  const pages = ['docs/metatrader.md', 'docs/explain.md', 'docs/DEPLOYMENT_WORKFLOW.md', 'README.md'];
  await reader.follow([...pages, 'docs/stores.md'], OF_AN_ENGINE);

  // Last of all the engine takes no more, ends, and its folder is one of this version already.
  await reader.follow(['README.md'], /suho drain/);
  engine.kill('SIGINT');
  await once(engine, 'close');
  await reader.follow(['README.md'], /suho upgrade/);
});

/** An engine with two versions for the series of the pages, the older one in production. */
async function twoVersions(t: TestContext): Promise<{ engine: Engine; client: TestClient; reader: Reader }> {
  const engine = await openEngine(t, temporaryFolder(t), {
    training: { firstModels: false, retraining: { automatic: false } },
  });
  const { port } = await serve(t, engine);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  await client.publish(BARS.slice(0, 300));
  await engine.settled();
  const series = seriesIdentity('default@published/EURUSD/1h');
  for (const [seed, version] of ['v1.0.0', 'v1.0.1', 'v1.0.2', 'v1.0.3'].entries())
    await registerModel(engine, { series, version, seed });
  const reader = new Reader(temporaryFolder(t));
  reader.variables = { ...SHORT, SUHO_ADDRESS: `127.0.0.1:${port}` };
  for (const version of ['v1.0.1', 'v1.0.2'])
    await reader.run(`suho models promote published/EURUSD/1h ${version} --reason "in use"`);
  return { engine, client, reader };
}

for (const page of ['docs/DEPLOYMENT_WORKFLOW.md', 'docs/rollout.md'])
  test(`a version is tried and decided on as ${page} has it`, async (t) => {
    const { reader } = await twoVersions(t);
    await reader.follow([page], /suho models /);
    const models = JSON.parse(await reader.run('suho models list --json')) as {
      version: string;
      status: string;
    }[];
    assert.equal(models.find(({ version }) => version === 'v1.0.2')?.status, 'production');
  });

test('an alert is acknowledged and closed, a training asked for and cancelled', async (t) => {
  const { engine, client, reader } = await twoVersions(t);
  const home = seriesIdentity('default@published/EURUSD/1h');
  const [model] = await engine.registry.list(home);
  engine.alerts.raise({
    tenantId: 'default',
    seriesId: 'default@published/EURUSD/1h',
    home,
    modelId: model!.modelId,
    version: model!.version,
    kind: 'performance',
    severity: 'critical',
    summary: 'It is right less often than in training.',
    details: {},
    raisedAt: Date.now() - DAY,
  });
  const alerts = async (): Promise<{ alert_id: string }[]> =>
    (await client.call<{ alerts: { alert_id: string }[] }>('AlertService', 'ListAlerts', {})).alerts;
  await eventually('it is kept', async () => (await alerts()).length === 1);
  reader.replaced = [[/\bID\b/, (await alerts())[0]!.alert_id]];
  await reader.follow(['docs/drift.md'], /suho (alerts|retrain|jobs list)/);
  const { jobs } = await client.call<{ jobs: { job_id: string }[] }>(
    'TrainingService',
    'ListTrainingJobs',
    {},
  );
  reader.replaced = [[/\bID\b/, jobs[0]!.job_id]];
  await reader.follow(['docs/drift.md'], /suho jobs cancel/);
});

test('every script of npm that the documents name is there', () => {
  const file = fileURLToPath(new URL('../../package.json', import.meta.url));
  const { scripts } = JSON.parse(readFileSync(file, 'utf8')) as { scripts: Record<string, string> };
  const named = COMMANDS.flatMap(({ line }) =>
    [...line.matchAll(/npm (?:run ([\w:]+)|(test|start))/g)].map(([, run, own]) => run ?? own!),
  );
  assert.ok(named.length >= 8, named.join());
  for (const name of named) assert.ok(name in scripts, name);
});

test('no command of the documents is left out without a reason', (t) => {
  const notRun = COMMANDS.filter(({ line }) => !RAN.has(plain(line)));
  const unexplained = notRun.filter(({ line }) => !ELSEWHERE.some(([pattern]) => pattern.test(line)));
  assert.deepEqual(unexplained, []);
  for (const [pattern, why] of ELSEWHERE)
    assert.ok(
      notRun.some(({ line }) => pattern.test(line)),
      why,
    );
  t.diagnostic(
    `${COMMANDS.length} commands in the documents: ${COMMANDS.length - notRun.length} ran, ${notRun.length} run elsewhere`,
  );
});
