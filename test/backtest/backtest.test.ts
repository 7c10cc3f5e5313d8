import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { UTC_CALENDAR } from '../../actors/market/calendar.js';
import { backtest } from '../../engine/backtest/backtest.js';
import { DEFAULT_COSTS } from '../../engine/backtest/market.js';
import { DEFAULT_RULE } from '../../engine/backtest/positions.js';
import type { BacktestReport } from '../../engine/backtest/report.js';
import type { BacktestSettings } from '../../engine/backtest/settings.js';
import type { Family } from '../../engine/learning/families/family.js';
import { perceptron } from '../../engine/learning/families/perceptron.js';
import { accessibilityFaults, openPage, overflow, withoutBrowser } from '../support/browser.js';
import { runCommand } from '../support/command.js';
import { temporaryFolder } from '../support/engine.js';
import { inventedBars, toCsv } from '../support/markets.js';

const SETTINGS: BacktestSettings = {
  timeframe: '1h',
  calendar: UTC_CALENDAR,
  basis: 'bid',
  family: perceptron,
  folds: 3,
  rowsMax: 20_000,
  testShare: 0.5,
  seed: 7,
  budgetSeconds: 180,
  rule: DEFAULT_RULE,
  costs: DEFAULT_COSTS,
  trials: 1,
  randomRuns: 50,
  checksLeakage: true,
};

test('another future leaves what was said and traded before it as it was, and a family that peeks is caught', async () => {
  const bars = inventedBars(1_400, { momentum: 0.62, seed: 3 });
  const honest = await backtest(bars, SETTINGS);
  assert.equal(honest.leakage!.differences, 0);
  assert.ok(honest.leakage!.forecasts > 100 && honest.leakage!.trades > 20);
  // Fitted to the rows it is tested on.
  const peeking: Family = {
    ...perceptron,
    fit: async (dataset, split, options) =>
      await perceptron.fit(dataset, { ...split, train: { from: 0, to: dataset.rows } }, options),
  };
  const caught = await backtest(bars, { ...SETTINGS, family: peeking });
  assert.ok(caught.leakage!.differences > 100, `${caught.leakage!.differences}`);
});

test('a planted edge is found and traded at a profit, its trades add up to its equity, and both sources give the same', async (t) => {
  const folder = temporaryFolder(t);
  const csv = path.join(folder, 'EURUSD.csv');
  writeFileSync(csv, toCsv(inventedBars(2_600, { momentum: 0.75, seed: 41 })));
  const html = path.join(folder, 'page.html');
  const out = path.join(folder, 'trades.csv');
  const common = ['--timeframe', '1h', '--family', 'perceptron', '--folds', '3', '--runs', '100', '--json'];
  const free = ['--spread', '0', '--commission', '0', '--slippage', '0'];
  const found = await runCommand(['backtest', csv, ...common, ...free, '--html', html, '--trades', out]);
  assert.equal(found.code, 0, found.stderr);
  const report = JSON.parse(found.stdout) as BacktestReport;
  assert.equal(report.symbol, 'EURUSD');
  assert.equal(
    report.tested.bars,
    report.scores[0]!.samples + 1,
    'every bar is predicted, the last has no outcome',
  );
  assert.ok(report.edge[0], JSON.stringify(report.scores[0]!.directional));
  assert.ok(report.performance.sharpe!.annual > 5);
  assert.ok(report.performance.sharpe!.deflated.probability > 0.99);
  assert.equal(report.baselines.random.asGoodBySharpe, 1 / 101);
  assert.equal(report.leakage!.differences, 0);
  assert.ok(report.scores[0]!.informationCoefficient!.pearson > 0.3);

  const trades = readFileSync(out, 'utf8').trim().split('\n').slice(1);
  assert.equal(trades.length, report.performance.trades);
  const returns = trades.map((line) => Number(line.split(',')[6]));
  const product = returns.reduce((equity, r) => equity * (1 + r), 1);
  assert.ok(Math.abs(product - 1 - report.performance.totalReturn) < 1e-9);
  const won = returns.filter((r) => r > 0);
  const lost = returns.filter((r) => r < 0);
  const sum = (list: number[]): number => list.reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(report.performance.profitFactor! + sum(won) / sum(lost)) < 1e-9);
  assert.equal(report.performance.winRate, won.length / returns.length);
  assert.equal(
    report.byHour.reduce((n, slice) => n + slice.trades, 0),
    trades.length,
  );
  const months = report.monthly.reduce((equity, month) => equity * (1 + month.return), 1);
  assert.ok(Math.abs(months - product) < 1e-9);

  const data = path.join(folder, 'data');
  const series = ['--symbol', 'EURUSD', '--timeframe', '1h', '--data', data];
  const stored = await runCommand(['backfill', csv, ...series]);
  assert.equal(stored.code, 0, stored.stderr);
  const again = await runCommand([
    'backtest',
    '--from-store',
    '--symbol',
    'EURUSD',
    '--data',
    data,
    ...common,
    ...free,
  ]);
  assert.equal(again.code, 0, again.stderr);
  assert.deepEqual(JSON.parse(again.stdout), report);

  const page = readFileSync(html, 'utf8');
  assert.doesNotMatch(page, /<script|<link|src=|url\(|https?:/, 'it needs nothing else');
});

test('what cannot be tested is one sentence', async (t) => {
  const folder = temporaryFolder(t);
  const csv = path.join(folder, 'short.csv');
  writeFileSync(csv, toCsv(inventedBars(500)));
  const html = path.join(folder, 'page.html');
  for (const [args, pattern] of [
    [
      [csv, '--html', html],
      /A backtest needs 600 1h bars after the first 199 that warm up the features; there are 301/,
    ],
    [[], /Give either a file of bars or quotes or --from-store/],
    [['--from-store'], /name the series/],
    [
      ['--from-store', '--symbol', 'EURUSD', '--timeframe', '1h', '--data', path.join(folder, 'none')],
      /no data folder/,
    ],
  ] as const) {
    const { code, stdout, stderr } = await runCommand(['backtest', ...args]);
    assert.equal(code, 2, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, pattern);
  }
  assert.throws(() => readFileSync(html), 'nothing half-written');
});

test('the page is readable in a browser, light and dark', { skip: withoutBrowser() }, async (t) => {
  const folder = temporaryFolder(t);
  const csv = path.join(folder, 'GBPUSD.csv');
  writeFileSync(csv, toCsv(inventedBars(1_400, { momentum: 0.6, seed: 4 })));
  const html = path.join(folder, 'page.html');
  const made = await runCommand([
    'backtest',
    csv,
    '--family',
    'perceptron',
    '--folds',
    '2',
    '--runs',
    '20',
    '--no-leakage-check',
    '--html',
    html,
  ]);
  assert.equal(made.code, 0, made.stderr);
  for (const scheme of ['light', 'dark'] as const) {
    const { page, errors } = await openPage(t, pathToFileURL(html).href, { width: 1000, scheme });
    assert.deepEqual(errors, []);
    assert.deepEqual(await accessibilityFaults(page), []);
    assert.ok((await overflow(page)) <= 0, 'no wider than its window');
    assert.equal(await page.locator('svg').count(), 7);
  }
});
