import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../engine/learning/random.js';
import { Comparison, type PairedOutcome } from '../../engine/rollout/comparison.js';
import { DEFAULT_RULES, decide, type DecisionRules } from '../../engine/rollout/decision.js';
import { EvidenceProcess } from '../../engine/rollout/e-process.js';
import { Guardrails } from '../../engine/rollout/guardrails.js';
import { mistakenFor, playTrial, type Breakage, type TrialEnd } from '../support/trial-market.js';

const HOUR = 3_600_000;
const GOOD = { mistaken: mistakenFor(0.54) };

/** Trials of 2,000 bars at most: an undecided one is retired then. */
const SHORT: DecisionRules = { ...DEFAULT_RULES, barsMax: 2_000 };

function trials(count: number, accuracy: number, broken?: Breakage, rules = SHORT): TrialEnd[] {
  return Array.from({ length: count }, (_, i) =>
    playTrial(1 + i * 7_919, GOOD, { mistaken: mistakenFor(accuracy) }, rules, broken),
  );
}

const promoted = (ends: readonly TrialEnd[]): number => ends.filter(({ end }) => end === 'promote').length;

test('evidence is the wealth of its bets: by hand, and never below what limits a loss', () => {
  const evidence = new EvidenceProcess();
  assert.equal(evidence.most, 1);
  evidence.observe(0.1, -0.1);
  // Stakes 1/16 to 8; the limit 0.9 / 0.1 = 9 leaves them all. 1 + stake × 0.1 by the shares, whose mean stake is 1.321875.
  assert.ok(Math.abs(evidence.most - (1 + 0.1 * 1.321875)) < 1e-12);
  const limited = new EvidenceProcess();
  limited.observe(-1, -1);
  limited.observe(1, -1);
  // Limited to a stake of 0.9, whoever stakes more: 1 − s and 1 + s.
  const stakes = [0.0625, 0.125, 0.25, 0.5, 0.9, 0.9, 0.9, 0.9];
  const wealth = stakes.reduce((sum, stake) => sum + (1 - stake) * (1 + stake), 0) / 8;
  assert.ok(wealth < 1 && limited.most === 1, 'the most there ever was is the beginning');
  // The wealth that is left, by the shares it began with.
  const shares = [0.05, 0.05, 0.15, 0.25, 0.25, 0.15, 0.05, 0.05];
  const left = stakes.reduce((sum, stake, i) => sum + shares[i]! * (1 - stake) * (1 + stake), 0);
  assert.ok(Math.abs(limited.now - left) < 1e-12);
});

test('looking at every bar finds evidence of 20 where there is nothing in at most one series of twenty', () => {
  let false20 = 0;
  for (let seed = 1; seed <= 400; seed++) {
    const random = new Random(seed);
    const evidence = new EvidenceProcess();
    for (let bar = 0; bar < 2_000; bar++) evidence.observe(random.next() < 0.5 ? 0.1 : -0.1, -0.1);
    if (evidence.most >= 20) false20++;
  }
  // Ville: 5 % at most; 400 series, 20 with a deviation of 4.4, three of them.
  assert.ok(false20 <= 33, `${false20} of 400`);
});

test('overlapping outcomes count once: bars within the horizon of the last one taken only describe', () => {
  const outcome = (hour: number): PairedOutcome => ({
    closeTime: hour * HOUR,
    resolvedAt: (hour + 4) * HOUR,
    production: { down: 0.4, flat: 0.2, up: 0.4, acts: 1 },
    challenger: { down: 0.2, flat: 0.2, up: 0.6, acts: 0 },
    isCanary: hour >= 8,
    direction: 1,
    return: 0.01,
    spread: 0.001,
  });
  const comparison = new Comparison(0.002);
  for (let hour = 0; hour < 10; hour++) comparison.observe(outcome(hour));
  const { bars, independentBars, canaryBars, production, challenger } = comparison.figures();
  assert.deepEqual([bars, independentBars, canaryBars], [10, 3, 2]);
  // By hand: −ln(0.99 p + 0.01 / 3); (0.4² + 0.2² + 0.6²); 10 × (0.01 − 0.001).
  const close = (a: number, b: number): boolean => Math.abs(a - b) < 1e-9;
  assert.ok(close(production.logLoss, -Math.log(0.99 * 0.4 + 0.01 / 3)));
  assert.ok(close(challenger.logLoss, -Math.log(0.99 * 0.6 + 0.01 / 3)));
  assert.ok(close(production.brier, 0.16 + 0.04 + 0.36) && close(challenger.brier, 0.04 + 0.04 + 0.16));
  assert.ok(close(production.pnl, 0.09) && challenger.pnl === 0 && challenger.abstained === 1);
});

test('a challenger that is worse or no better does not become production, and one that is far better does, step by step', () => {
  assert.equal(promoted(trials(60, 0.52)), 0);
  const equal = promoted(trials(60, 0.54));
  assert.ok(equal <= 2, `${equal} of 60 that are equal`);
  // Production that knows nothing, against one that knows all there is to know.
  const rules = { ...DEFAULT_RULES, barsMax: 6_000 };
  const ends = Array.from({ length: 40 }, (_, i) =>
    playTrial(3 + i, { mistaken: 0.5 }, { mistaken: 0 }, rules),
  );
  assert.ok(promoted(ends) >= 34, `${promoted(ends)} of 40`);
  for (const { end, steps, bars, sentence } of ends) {
    if (end !== 'promote') continue;
    assert.deepEqual(
      steps.map(({ share }) => share),
      [0.1, 0.5],
    );
    assert.ok(steps[0]!.bar + 30 <= steps[1]!.bar && steps[0]!.bar + 60 <= bars, 'each step serves first');
    assert.match(
      sentence,
      /^v1\.0\.1 becomes production: better than v1\.0\.0 with evidence [\d.,a-z ]+ of the 100 needed\. Over \d+ bars the log-loss of v1\.0\.1 is [\d.]+ and that of v1\.0\.0 [\d.]+; Brier [\d.]+ and [\d.]+; profit after spreads -?[\d.]+ % and -?[\d.]+ %\.$/,
    );
  }
});

test('a challenger whose trial asks for more evidence is a canary as soon as any, and production later', () => {
  const figures = {
    ...new Comparison(0.002).figures(),
    bars: 500,
    independentBars: 500,
    canaryBars: 200,
    better: 150,
  };
  const stage = { version: 'v2', against: 'v1', kind: 'challenger', isOver: false } as const;
  const actOf = (share: number, evidence?: number): string =>
    decide({ ...stage, share, evidence }, figures, DEFAULT_RULES).act;
  assert.deepEqual([actOf(0, 695), actOf(0.1, 695)], ['canary', 'canary']);
  assert.deepEqual([actOf(0.5), actOf(0.5, 695), actOf(0.5, 150)], ['promote', 'wait', 'promote']);
});

test('a challenger that breaks is out: on the bar where it answers no number, after ten late answers, soon when it overstates', () => {
  const at = (how: Breakage['how']): TrialEnd[] => trials(30, 0.56, { from: 300, how });
  for (const { end, bars } of at('no number'))
    if (bars >= 300) assert.deepEqual([end, bars], ['rolled back', 300]);
  for (const { end, bars } of at('late'))
    if (bars >= 300) assert.deepEqual([end, bars], ['rolled back', 309]);
  const overstating = at('overconfident').filter(({ bars }) => bars >= 300);
  assert.ok(overstating.length >= 20);
  for (const { end, bars } of overstating) {
    assert.notEqual(end, 'promote');
    assert.ok(bars < 1_300, `${bars}`);
  }
});

test('dropped answers say nothing of an arm, and late ones count only where production is in time', () => {
  const guardrails = new Guardrails();
  const bar = { withheld: false, productionInTime: false };
  for (let i = 0; i < 500; i++) assert.equal(guardrails.observe({ ...bar, failure: 'dropped' }), undefined);
  for (let i = 0; i < 500; i++) assert.equal(guardrails.observe({ ...bar, failure: 'deadline' }), undefined);
  assert.equal(guardrails.observe({ ...bar, failure: 'error' }), undefined);
  assert.equal(guardrails.observe({ ...bar, failure: 'error' }), undefined);
  assert.match(guardrails.observe({ ...bar, failure: 'error' })!, /failed on 3 of the last 100 bars/);
  assert.match(
    new Guardrails().observe({ failure: 'error', withheld: true, productionInTime: true })!,
    /no signal went out/,
  );
});

test('an A/B test ends when either side wins or its time is up; a trial by hand is decided by hand', () => {
  const figures = {
    bars: 100,
    independentBars: 100,
    canaryBars: 50,
    production: { logLoss: 1, brier: 0.6, pnl: 0.01, abstained: 0 },
    challenger: { logLoss: 0.9, brier: 0.5, pnl: 0.02, abstained: 0.1 },
    better: 1,
    worse: 1,
    notWorthIt: 1,
    overconfident: 1,
  };
  const stage = { version: 'v2', against: 'v1', kind: 'ab', share: 0.5, isOver: false } as const;
  const act = (more: object, of: object = {}): string =>
    decide({ ...stage, ...of }, { ...figures, ...more }, DEFAULT_RULES).act;
  assert.equal(act({}), 'wait');
  assert.equal(act({ better: 39 }), 'wait');
  assert.equal(act({ better: 40 }), 'promote');
  assert.equal(act({ worse: 40 }), 'withdraw');
  assert.equal(act({}, { isOver: true }), 'withdraw');
  assert.equal(act({ better: 1e9 }, { kind: 'manual' }), 'wait');
  assert.equal(act({ challenger: { ...figures.challenger, abstained: 0.31 } }), 'withdraw');
  assert.equal(act({ challenger: { ...figures.challenger, abstained: 0.31 }, bars: 49 }), 'wait');
});
