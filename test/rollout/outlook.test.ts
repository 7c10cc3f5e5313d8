/** What a person is told before an act on a model, and what would decide a trial. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Engine } from '../../engine/engine.js';
import { SuhoError } from '../../engine/errors.js';
import { modelName, type ListedModel, type ModelAct } from '../../engine/registry/model-registry.js';
import { ASKED_CHANGES, modelActOf } from '../../engine/rollout/asked-act.js';
import type { ComparisonFigures } from '../../engine/rollout/comparison.js';
import { DEFAULT_RULES, decide, type TrialStage } from '../../engine/rollout/decision.js';
import { equityOf, equityOfModel } from '../../engine/rollout/equity.js';
import { ModelDesk } from '../../engine/rollout/model-desk.js';
import { whatDecides } from '../../engine/rollout/what-decides.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { EURUSD, registerModel } from '../support/rollout.js';

const FIRST_BAR = 'the first bar that closes after 2024-08-22 16:00 UTC';
const OPERATOR = { tenantId: 'default', userId: undefined, role: 'operator', isValid: () => true } as const;
const MANUAL = { kind: 'manual' } as const;
const TARGET = 'v1.0.9';

type Beside = 'production' | 'canary' | 'four shadows' | 'nothing';

/** How a model comes to each status. */
const WAYS: Readonly<Record<string, readonly ModelAct[]>> = {
  validated: [],
  staging: [{ kind: 'stage' }],
  shadow: [{ kind: 'shadow', trial: MANUAL }],
  canary: [{ kind: 'canary', share: 0.2, trial: MANUAL }],
  production: [{ kind: 'promote' }],
  archived: [{ kind: 'archive' }],
};

function deskOf(engine: Engine): ModelDesk {
  return new ModelDesk({
    deployments: engine.deployments,
    rollouts: engine.rollouts,
    outcomes: engine.predictions.history,
    instruments: engine.instruments,
    tenants: () => ['default'],
    worthHaving: 0.002,
  });
}

/** Models of a name of their own: one of a status, and what stands beside it. */
async function stage(engine: Engine, symbol: string, status: string, beside: Beside) {
  const series = { ...EURUSD, symbol };
  const act = async (version: string, what: ModelAct): Promise<unknown> =>
    await engine.deployments.act({ series, version }, what, { who: 't', role: 'operator', reason: 'x' });
  // The first is there in any case: versions count from it.
  for (let i = 0; i < (beside === 'four shadows' ? 4 : 1); i++) {
    const version = `v1.0.${i}`;
    await registerModel(engine, { series, version, seed: i });
    if (beside === 'production') await act(version, { kind: 'promote' });
    if (beside === 'canary') await act(version, { kind: 'canary', share: 0.1, trial: MANUAL });
    if (beside === 'four shadows') await act(version, { kind: 'shadow', trial: MANUAL });
  }
  await registerModel(engine, { series, version: TARGET, seed: 9 });
  for (const step of WAYS[status]!) await act(TARGET, step);
  return { series, act };
}

test('what is said to be refused is what the registry refuses, in every status and whatever stands beside', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t));
  const desk = deskOf(engine);
  const wrong: string[] = [];
  let cases = 0;
  for (const beside of ['production', 'canary', 'four shadows', 'nothing'] as const)
    for (const status of Object.keys(WAYS)) {
      // A model that became a canary has no room for another beside it.
      if (beside === 'canary' && (status === 'canary' || status === 'production')) continue;
      if (beside === 'four shadows' && status === 'shadow') continue;
      let staged: Awaited<ReturnType<typeof stage>> | undefined;
      for (const change of ASKED_CHANGES) {
        cases++;
        staged ??= await stage(engine, `S${cases}`, status, beside);
        const asked = modelActOf({ change, automatic: false }, 0);
        const { series } = staged;
        const model = (await desk.list(OPERATOR, modelName(series), 'default')).find(
          ({ version }) => version === TARGET,
        )!;
        const [outlook] = await desk.outlooks(OPERATOR, model, [asked], FIRST_BAR);
        const error: unknown = await staged.act(TARGET, asked).then(
          () => undefined,
          (failure: unknown) => failure,
        );
        // What was refused changed nothing.
        if (error === undefined) staged = undefined;
        else assert.ok(error instanceof SuhoError);
        const after = (await desk.list(OPERATOR, modelName(series), 'default')).find(
          ({ version }) => version === TARGET,
        )!;
        // What would change nothing that serves or is tried is said to be of no use, and the registry lets it pass.
        const untried: readonly string[] = ['validated', 'staging'];
        const isIdle =
          error === undefined &&
          (after.status === model.status ||
            (untried.includes(after.status) && untried.includes(model.status)));
        if (!isIdle && (outlook!.refusal !== undefined) !== (error !== undefined))
          wrong.push(
            `${change} of ${status} beside ${beside}: said ${outlook!.refusal}, was ${String(error)}`,
          );
      }
    }
  assert.deepEqual(wrong, []);
  assert.ok(cases > 120, `${cases} cases`);
});

test('a confirmation says from what to what, from which bar on and what is left behind', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t));
  const desk = deskOf(engine);
  const { series, act } = await stage(engine, 'EURUSD', 'canary', 'production');
  const listed = async (version: string): Promise<ListedModel> =>
    (await desk.list(OPERATOR, modelName(series), 'default')).find((model) => model.version === version)!;
  const told = async (version: string, change: (typeof ASKED_CHANGES)[number]): Promise<string> => {
    const asked = modelActOf({ change, automatic: true }, 0);
    return (await desk.outlooks(OPERATOR, await listed(version), [asked], FIRST_BAR))[0]!.sentence;
  };
  assert.equal(
    await told(TARGET, 'promote'),
    `v1.0.9 of market/EURUSD/1h goes from canary with 20 % of the bars to production and serves every bar from ${FIRST_BAR} on; v1.0.0 is left behind as deprecated and can be rolled back to.`,
  );
  assert.match(
    await told(TARGET, 'withdraw'),
    /back to staging: its trial ends .* v1\.0\.0 stays production/,
  );
  await act(TARGET, { kind: 'promote' });
  assert.equal(
    await told(TARGET, 'rollback'),
    `v1.0.0 is production again from ${FIRST_BAR} on; v1.0.9 is left behind as deprecated and can be promoted again.`,
  );
  await act(TARGET, { kind: 'rollback' });
  assert.deepEqual(
    [(await listed('v1.0.0')).status, (await listed(TARGET)).status],
    ['production', 'deprecated'],
  );
});

const score = fc.record({
  logLoss: fc.double({ min: 0, max: 3, noNaN: true }),
  brier: fc.double({ min: 0, max: 2, noNaN: true }),
  pnl: fc.double({ min: -1, max: 1, noNaN: true }),
  abstained: fc.double({ min: 0, max: 1, noNaN: true }),
});
const evidence = fc.oneof(
  fc.double({ min: 1, max: 2_000, noNaN: true }),
  fc.constantFrom(4, 20, 40, 100, 1_000),
);
const figures: fc.Arbitrary<ComparisonFigures> = fc.record({
  bars: fc.nat({ max: 20_000 }),
  independentBars: fc.nat({ max: 12_000 }),
  canaryBars: fc.nat({ max: 100 }),
  production: score,
  challenger: score,
  better: evidence,
  worse: evidence,
  notWorthIt: evidence,
  overconfident: evidence,
});
const stageOf: fc.Arbitrary<TrialStage> = fc.record({
  version: fc.constant('v1.0.1'),
  against: fc.constant('v1.0.0'),
  kind: fc.constantFrom('challenger', 'ab', 'manual'),
  share: fc.constantFrom(0, 0.1, 0.5),
  isOver: fc.constant(false),
});

test('a trial is decided exactly when one of the ways that are shown has all it needs', () => {
  let decided = 0;
  fc.assert(
    fc.property(stageOf, figures, (trial, found) => {
      const reached = whatDecides(trial, found, DEFAULT_RULES).filter(({ conditions }) =>
        conditions.every(({ what, value, needed }) =>
          // The rule on doing nothing asks for more than its excess.
          what.startsWith('share') ? value > needed : value >= needed,
        ),
      );
      const decision = decide(trial, found, DEFAULT_RULES);
      assert.equal(decision.act !== 'wait', reached.length > 0, JSON.stringify({ decision, reached }));
      if (decision.act !== 'wait') decided++;
    }),
    { numRuns: 2_000 },
  );
  assert.ok(decided > 200, `${decided} of 2000 were decided`);
});

test('equity, costs and drawdown of trades, by hand; one position at a time', async () => {
  const equity = equityOf(9, [
    { closedAt: 1, gain: 0.03, cost: 0.001 },
    { closedAt: 2, gain: -0.02, cost: 0.001 },
    { closedAt: 3, gain: -0.01, cost: NaN },
    { closedAt: 4, gain: 0.05, cost: 0.001 },
  ]);
  assert.deepEqual([equity.bars, equity.trades, equity.costed, equity.won], [9, 4, 3, 0.5]);
  for (const [value, expected] of [
    [equity.total, 0.05],
    [equity.cost, 0.003],
    [equity.drawdown, 0.03],
    [equity.points[2]![1], 0],
    [equity.points[2]![2], -0.03],
  ] as const)
    assert.ok(Math.abs(value - expected) < 1e-12, `${value} is ${expected}`);

  const said = { down: 0.2, flat: 0.2, up: 0.6 };
  const bar = (closeTime: number, direction: 'LONG' | 'SHORT' | 'FLAT', gain: number, spread = NaN) => ({
    closeTime,
    resolvedAt: closeTime + 2,
    challengerArm: 'production',
    direction: Math.sign(gain),
    return: gain,
    spread,
    production: { ...said, direction },
    challenger: { ...said, direction },
  });
  const rows = [
    bar(1, 'FLAT', 0.5),
    bar(2, 'LONG', 0.02),
    // Within the position of the bar before.
    bar(3, 'LONG', 0.9),
    bar(4, 'SHORT', -0.01, 0.003),
  ];
  const outcomes = { pairs: async () => await Promise.resolve(rows) };
  const of = { symbol: 'EURUSD', timeframe: '1h', horizon: 0, modelId: 'm', after: 0 };
  const found = await equityOfModel(outcomes, 'acme', of, (closeTime) => (closeTime === 2 ? 0.001 : NaN));
  assert.deepEqual([found.bars, found.trades], [4, 2]);
  assert.ok(Math.abs(found.total - (0.02 - 0.001 + 0.01 - 0.003)) < 1e-12, String(found.total));
});
