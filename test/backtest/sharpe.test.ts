import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { drawdownsOf } from '../../engine/backtest/performance.js';
import { expectedMaximum, probabilityAbove, sharpeOf } from '../../engine/backtest/sharpe.js';
import { normalCdf, normalQuantile } from '../../engine/learning/normal.js';

const near = (x: number, expected: number, within = 1e-9): void =>
  assert.ok(Math.abs(x - expected) <= within * Math.max(1, Math.abs(expected)), `${x} for ${expected}`);

interface Reference {
  readonly returns: readonly number[];
  readonly perYear: number;
  readonly trials: number;
  readonly annual: number;
  readonly standardError: number;
  readonly skewness: number;
  readonly kurtosis: number;
  readonly probabilistic: number;
  readonly expectedMaximum: number;
  readonly deflated: number;
  readonly maxDrawdown: number;
}

/** Made by test/data/backtest/make.py. */
const REFERENCE = JSON.parse(
  readFileSync(new URL('../../../test/data/backtest/sharpe.json', import.meta.url), 'utf8'),
) as Reference[];

test('the normal distribution and its quantiles are those of published tables', () => {
  for (const [x, p] of [
    [0, 0.5],
    [1, 0.841_344_746_068_543],
    [-1.959_963_984_540_054, 0.025],
    [-3.090_232_306_167_813, 0.001],
    [-4.753_424_308_822_899, 1e-6],
  ] as const) {
    near(normalCdf(x), p, 1e-14);
    near(normalQuantile(p), x, 1e-9);
  }
  assert.equal(normalQuantile(1), Infinity);
  assert.ok(Number.isNaN(normalQuantile(1.5)));
});

test('ratio, standard error, probabilities and drawdown equal those that NumPy and SciPy compute', () => {
  assert.equal(REFERENCE.length, 2);
  for (const reference of REFERENCE) {
    const returns = Float64Array.from(reference.returns);
    const found = sharpeOf(returns, reference.perYear, reference.trials)!;
    near(found.annual, reference.annual);
    near(found.standardError, reference.standardError);
    near(found.skewness, reference.skewness);
    near(found.kurtosis, reference.kurtosis);
    near(found.probabilistic, reference.probabilistic);
    near(found.deflated.expectedMaximum, reference.expectedMaximum);
    near(found.deflated.probability, reference.deflated);
    let value = 1;
    const equity = Float64Array.from(returns, (r) => (value *= 1 + r));
    near(Math.max(...drawdownsOf(equity)), reference.maxDrawdown);
  }
});

test('the example of the paper on deflated Sharpe ratios comes out as printed there', () => {
  // Bailey & López de Prado 2014: 100 trials whose annual ratios have a variance of 1/2, five years of 250 days, an annual ratio
  // of 2.5, skewness −3, kurtosis 10: a threshold of 0.1132 a day, a probability of 0.9004; with 46 trials 0.9505.
  const probability = (trials: number): number =>
    probabilityAbove(expectedMaximum(trials) * Math.sqrt(0.5 / 250), 2.5 / Math.sqrt(250), 1250, {
      skewness: -3,
      kurtosis: 10,
    });
  near(expectedMaximum(100) * Math.sqrt(0.5 / 250), 0.1132, 5e-5);
  near(probability(100), 0.9004, 5e-5);
  near(probability(46), 0.9505, 5e-5);
});

test('more trials leave less of a ratio, and returns that never change have none', () => {
  const returns = Float64Array.from({ length: 500 }, (_, i) => (i % 3 === 0 ? -0.001 : 0.0008));
  const of = (trials: number): number => sharpeOf(returns, 252, trials)!.deflated.probability;
  assert.ok(of(1) > of(10) && of(10) > of(1_000));
  near(of(1), sharpeOf(returns, 252, 1)!.probabilistic);
  assert.equal(sharpeOf(new Float64Array(100), 252, 1), undefined);
});
