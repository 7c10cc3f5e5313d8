import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOGUE } from '../../actors/features/catalogue.js';
import { UTC_CALENDAR } from '../../actors/market/calendar.js';
import { bestOf, openJobs, type Done } from '../../engine/experiments/halving.js';
import { FEATURE_GROUPS, SEARCHED_FAMILIES, candidateAt } from '../../engine/experiments/search-space.js';
import { Trials, type ExperimentMarket } from '../../engine/experiments/trial.js';
import { skillZOf } from '../../engine/learning/verdict.js';
import { inventedBars } from '../support/markets.js';

const done = (candidate: number, stage: number, excess: number): Done => ({ candidate, stage, excess });

test('a round fits eight candidates to a quarter of the rows, the better four to half, the best two to all', () => {
  assert.deepEqual(
    openJobs(1, []).map(({ candidate, stage }) => [candidate, stage]),
    [8, 9, 10, 11, 12, 13, 14, 15].map((candidate) => [candidate, 0]),
  );
  // Candidate 2 is best, then 7, 5, 0; the fit of 3 failed.
  const first = [0.4, 0.5, 0.1, Infinity, 0.6, 0.3, 0.7, 0.2].map((excess, i) => done(i, 0, excess));
  assert.deepEqual(
    openJobs(0, first.slice(0, 7)).map(({ candidate }) => candidate),
    [7],
    'a stage waits for all of the one before',
  );
  assert.deepEqual(
    openJobs(0, first).map(({ candidate, stage }) => [candidate, stage]),
    [
      [2, 1],
      [7, 1],
      [5, 1],
      [0, 1],
    ],
  );
  const second = [done(2, 1, 0.9), done(7, 1, 0.1), done(5, 1, 0.3), done(0, 1, 0.2)];
  assert.deepEqual(
    openJobs(0, [...first, ...second]).map(({ candidate, stage }) => [candidate, stage]),
    [
      [7, 2],
      [0, 2],
    ],
  );
  const third = [done(7, 2, 0.4), done(0, 2, 0.35)];
  assert.deepEqual(openJobs(0, [...first, ...second, ...third]), []);
  assert.equal(
    bestOf([...first, ...second, ...third])!.candidate,
    0,
    'of those on all rows, whatever less gave',
  );
  assert.equal(bestOf(first)!.candidate, 2);
  assert.equal(bestOf([done(3, 0, Infinity)]), undefined);
});

test('candidates begin with the families as they are, and each is the same whenever it is drawn', () => {
  SEARCHED_FAMILIES.forEach((family, i) =>
    assert.deepEqual(candidateAt(i, 7, SEARCHED_FAMILIES), { family, rules: {}, groups: FEATURE_GROUPS }),
  );
  assert.deepEqual(candidateAt(40, 7, SEARCHED_FAMILIES), candidateAt(40, 7, SEARCHED_FAMILIES));
  const drawn = Array.from({ length: 200 }, (_, i) => candidateAt(3 + i, 7, SEARCHED_FAMILIES));
  assert.deepEqual(new Set(drawn.map(({ family }) => family)), new Set(SEARCHED_FAMILIES));
  assert.ok(new Set(drawn.map((each) => JSON.stringify(each))).size > 150);
  assert.ok(
    drawn.every(({ groups }) => groups.length > 0 && groups.every((group) => FEATURE_GROUPS.includes(group))),
  );
  assert.notDeepEqual(candidateAt(40, 8, SEARCHED_FAMILIES), candidateAt(40, 7, SEARCHED_FAMILIES));
});

test('the more candidates there are, the more standard errors count as skill', () => {
  // One-sided normal quantiles of 0.0013499 / n.
  assert.equal(skillZOf(1), 3);
  assert.equal(skillZOf(16), 3.76);
  assert.equal(skillZOf(100), 4.2);
});

const market = (bars: ExperimentMarket['bars']): ExperimentMarket => ({
  bars,
  timeframe: '1h',
  calendar: UTC_CALENDAR,
  basis: 'bid',
});

test('no trial sees the newest fifth of the rows, and none learns from features that it is not given', async () => {
  const bars = inventedBars(2_200, { momentum: 0.7, seed: 12 });
  const whole = new Trials(market(bars));
  const { fitted, compared, unseen } = whole.sizes;
  assert.ok(unseen >= 0.19 * 2_001 && unseen <= 0.2 * 2_001 + 1, `${unseen}`);
  assert.ok(fitted > compared && compared > 300);
  // Bars that no trial sees become another market.
  const other = inventedBars(2_200, { momentum: 0.3, seed: 99 });
  const cut = bars.length - unseen;
  const changed = new Trials(
    market(bars.map((bar, i) => (i < cut ? bar : { ...other[i]!, openTime: bar.openTime }))),
  );
  const candidate = {
    family: 'boosted',
    rules: { rounds: 30, maxDepth: 3 },
    groups: FEATURE_GROUPS,
  } as const;
  assert.deepEqual(await changed.run(candidate, 0.5, 7), await whole.run(candidate, 0.5, 7));
  const tried = { trials: 4, sharpeSpread: 1 };
  const [found, otherwise] = [
    await whole.final(candidate, 7, tried),
    await changed.final(candidate, 7, tried),
  ];
  assert.notEqual(found.logLoss, otherwise.logLoss, 'what the winner is told on, it does see');
  assert.equal(found.performance.sharpe!.deflated.trials, 4);
  assert.ok(found.scores[0]!.directional.z > 3, 'the planted momentum');

  // Of time alone nothing can be learned here: up and down follow the bar before.
  const groups = ['time'];
  assert.ok(CATALOGUE.some(({ group }) => group === 'time'));
  const blind = await whole.final({ family: 'perceptron', rules: {}, groups }, 7, tried);
  assert.ok(Math.abs(blind.scores[0]!.directional.z) < 3, `${blind.scores[0]!.directional.z}`);
});
