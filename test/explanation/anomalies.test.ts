/** Anomalous moments: what the gate does with their signals, how those did, and who may read of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListAnomaliesResponse__Output as Listed } from '../../engine/api/generated/suho/v1/ListAnomaliesResponse.js';
import type { SignalExplanation__Output as SignalExplanation } from '../../engine/api/generated/suho/v1/SignalExplanation.js';
import type { StoredSignal__Output as StoredSignal } from '../../engine/api/generated/suho/v1/StoredSignal.js';
import { DEFAULT_GATES } from '../../actors/signals/gates.js';
import { AnomalyGate } from '../../engine/explanation/anomaly-gate.js';
import type { PublishedSignal } from '../../engine/publication/subscription.js';
import { afterTest } from '../support/cleanup.js';
import { runCommand } from '../support/command.js';
import { TENANTS } from '../support/console.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';
import { EURUSD, registerModel, statingPredictor } from '../support/rollout.js';
import { TestClient, codeOf, serve } from '../support/served.js';

/** Above it about a third of the bars is anomalous to the encoder of the test, whose error is the body of a bar squared. */
const LIMIT = 0.6;
const bars = inventedBars(400, { momentum: 0.55, seed: 12 });

test('the gate withholds signals of anomalous moments or lets them act, as its tenant says, and tells how they did', async (t) => {
  const tenants = TENANTS.map((tenant) => ({
    ...tenant,
    gates: { maxAnomaly: LIMIT, onAnomaly: tenant.id === 'zen' ? ('note' as const) : ('abstain' as const) },
  }));
  const engine = await openEngine(t, temporaryFolder(t), { tenants });
  const { port } = await serve(t, engine);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  const published: PublishedSignal[] = [];
  engine.publication.onSignal((signal) => published.push(signal));
  let id = '';
  for (const tenantId of ['acme', 'zen'])
    id = await engine.instruments.follow({
      feed: 'market',
      symbol: 'EURUSD',
      base: '1h',
      tenantId,
      timeframe: '1h',
    });
  engine.intake.ingestBars(id, bars.slice(0, 250));
  await engine.settled();
  await registerModel(engine, { predictor: statingPredictor([0.2, 0.3, 0.5]) });
  await engine.rollouts.propose({ series: EURUSD, version: 'v1.0.0', by: 'a test', reason: 'the first' });
  engine.intake.ingestBars(id, bars.slice(250));
  await engine.settled();
  await engine.stored();

  const of = (tenantId: string): readonly PublishedSignal['signal'][] =>
    published.map(({ signal }) => signal).filter((signal) => signal.tenantId === tenantId);
  const anomalous = of('acme').filter(({ anomaly }) => anomaly > LIMIT);
  assert.ok(anomalous.length > 20 && anomalous.length < 130, `${anomalous.length} of 150`);
  for (const signal of of('acme'))
    assert.equal(signal.abstained.includes('anomalous'), signal.anomaly > LIMIT);
  for (const signal of of('zen')) {
    assert.ok(!signal.abstained.includes('anomalous'));
    assert.equal(signal.degraded.includes('anomalous'), signal.anomaly > LIMIT);
  }
  assert.ok(of('zen').some(({ direction, anomaly }) => direction === 'LONG' && anomaly > LIMIT));

  const list = async (request: object, key: string): Promise<Listed> =>
    await client.call<Listed>('SignalService', 'ListAnomalies', request, key);
  const found: StoredSignal[] = [];
  const first = await list({ page_size: 9 }, 'view-a');
  for (let page = first; ;) {
    found.push(...page.anomalies);
    if (page.next_page_token === '') break;
    assert.equal(page.anomalies.length, 9);
    page = await list({ page_size: 9, page_token: page.next_page_token }, 'view-a');
    assert.deepEqual(page.figures, []);
  }
  assert.deepEqual(
    found.map(({ prediction_id: each }) => each),
    anomalous.map(({ predictionId }) => predictionId).reverse(),
    'newest first, each once',
  );
  assert.deepEqual([first.above, first.gate_limit, first.gate_action], [LIMIT, LIMIT, 'abstain']);

  // By hand: what the market did in the hour after each bar against what the signal leaned to.
  const [figures] = first.figures;
  const known = new Map(
    (
      await engine.predictions.sql(
        `SELECT prediction_id::text AS id, actual_1h AS actual FROM ml_predictions WHERE actual_1h IS NOT NULL`,
        'acme',
      )
    ).map((row) => [row['id'] as string, Number(row['actual'])]),
  );
  for (const [group, signals] of [
    [figures!.anomalous!, anomalous],
    [figures!.usual!, of('acme').filter(({ anomaly }) => anomaly <= LIMIT)],
  ] as const) {
    // The model says up of every bar.
    const outcomes = signals.flatMap(({ predictionId }) => known.get(predictionId) ?? []);
    assert.deepEqual([Number(group.signals), Number(group.known)], [signals.length, outcomes.length]);
    assert.equal(group.right, outcomes.filter((direction) => direction === 1).length / outcomes.length);
    const returns = signals.flatMap(({ predictionId, barCloseTime }) => {
      const at = bars.findIndex(({ openTime }) => openTime === barCloseTime);
      return known.has(predictionId) ? [bars[at]!.close / bars[at - 1]!.close - 1] : [];
    });
    const mean = returns.reduce((sum, x) => sum + x, 0) / returns.length;
    assert.ok(Math.abs(group.mean_return! - mean) < 1e-12, `${group.mean_return} and ${mean}`);
  }
  assert.equal(Number(figures!.anomalous!.withheld), anomalous.length);
  assert.equal(Number((await list({}, 'key-z')).figures[0]!.anomalous!.withheld), 0);

  assert.deepEqual((await list({}, 'key-o')).anomalies, [], 'of nobody else');
  assert.equal(await codeOf(list({ above: -1 }, 'view-a')), 'INVALID_ARGUMENT');
  assert.equal((await list({ above: 1e6 }, 'view-a')).anomalies.length, 0);

  const noted = of('zen').findLast(({ degraded }) => degraded.includes('anomalous'))!;
  const request = { prediction_id: noted.predictionId, replay: true };
  const told = await client.call<SignalExplanation>('SignalService', 'ExplainSignal', request, 'key-z');
  assert.equal(told.replay!.same, true, JSON.stringify(told.replay));
  assert.equal(Number(told.anomalies!.anomalous!.signals), anomalous.length);

  process.env['SUHO_API_KEY'] = 'view-a';
  afterTest(t, () => delete process.env['SUHO_API_KEY']);
  const shown = await runCommand(['anomalies', '--count', '5', '--address', `127.0.0.1:${port}`]);
  assert.equal(shown.code, 0, shown.stderr);
  for (const text of [
    anomalous.at(-1)!.predictionId,
    `EURUSD 1h: ${anomalous.length} above ${LIMIT}`,
    'abstains',
  ])
    assert.ok(shown.stdout.includes(text), shown.stdout);
});

test('the difference of two shares has the interval that Newcombe gives of 56 of 70 and 48 of 80', async () => {
  const group = (isAnomalous: boolean, right: number, known: number): object => ({
    symbol: 'EURUSD',
    timeframe: '1h',
    isAnomalous,
    signals: known,
    withheld: 0,
    known,
    right,
    meanReturn: 0,
  });
  const history = {
    page: async () => await Promise.resolve([]),
    anomalies: async () => await Promise.resolve([group(false, 56, 70), group(true, 48, 80)] as never),
  };
  const gate = new AnomalyGate(history, () => DEFAULT_GATES);
  const span = { symbols: [], timeframes: [], from: undefined, to: undefined };
  const [figures] = await gate.figures('acme', span, 3);
  const { shortfall, shortfallLow, shortfallHigh } = figures!;
  // Newcombe 1998, table II, contrast (a), method 10.
  assert.deepEqual(
    [shortfall, shortfallLow, shortfallHigh].map((x) => x.toFixed(4)),
    ['0.2000', '0.0524', '0.3339'],
  );
});
