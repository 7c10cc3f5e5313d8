import { calibrationChart, escaped, sliceChart, timeChart } from './charts.js';
import { PAGE_STYLE } from './page-style.js';
import { PERFORMANCE_HEAD, percent, performanceCells } from './performance-table.js';
import type { BacktestReport } from './report.js';
import type { MonthlyReturn } from './slices.js';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** Monthly return at which a cell has its full colour. */
const FULL_COLOUR = 0.05;

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** A table; each cell is text, the first of a row its name. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (of: readonly string[], tag: string): string =>
    `<tr>${of.map((text) => `<${tag}>${escaped(text)}</${tag}>`).join('')}</tr>`;
  return `<div class="scroll" tabindex="0"><table><thead>${cells(head, 'th')}</thead><tbody>${rows.map((row) => cells(row, 'td')).join('')}</tbody></table></div>`;
}

function card(name: string, value: string, beside: string): string {
  return `<div class="card"><span class="faint">${escaped(name)}</span><b>${escaped(value)}</b><small>${escaped(beside)}</small></div>`;
}

function cards({ performance: p, accuracy }: BacktestReport): string {
  const ratio = p.sharpe;
  return [
    card('return', percent(p.totalReturn), `${percent(p.annualReturn)} a year, costs paid`),
    card(
      'Sharpe ratio',
      ratio === undefined ? 'none' : ratio.annual.toFixed(2),
      ratio === undefined ? 'it never traded' : `± ${ratio.standardError.toFixed(2)} a year`,
    ),
    card(
      'more than luck',
      ratio === undefined ? 'none' : percent(ratio.deflated.probability),
      ratio === undefined ? '' : `deflated Sharpe, ${ratio.deflated.trials} tried`,
    ),
    card('deepest drawdown', percent(p.maxDrawdown), 'at bar closes'),
    card('win rate', p.winRate === undefined ? 'none' : percent(p.winRate), `${p.trades} trades`),
    card(
      'profit factor',
      p.profitFactor === undefined ? 'none' : p.profitFactor.toFixed(2),
      'gains over losses',
    ),
    card('accuracy up or down', percent(accuracy.accuracy), `${percent(accuracy.baseline)} without a model`),
    card('exposure', percent(p.exposure), `turnover ${p.turnover.toFixed(0)} × a year`),
  ].join('');
}

function monthTable(months: readonly MonthlyReturn[]): string {
  const years = [...new Set(months.map(({ year }) => year))];
  const cell = (year: number, month: number): string => {
    const found = months.find((each) => each.year === year && each.month === month);
    if (found === undefined) return '<td class="none">·</td>';
    const strength = Math.round(70 * Math.min(1, Math.abs(found.return) / FULL_COLOUR));
    const colour = found.return >= 0 ? 'gain' : 'loss';
    return `<td style="background:color-mix(in srgb,var(--${colour}) ${Math.round(strength / 2)}%,transparent)">${(100 * found.return).toFixed(1)}</td>`;
  };
  const rows = years.map((year) => {
    const total = months
      .filter((each) => each.year === year)
      .reduce((product, each) => product * (1 + each.return), 1);
    const cells = MONTHS.map((_, i) => cell(year, i + 1)).join('');
    return `<tr><td>${year}</td>${cells}<td><b>${(100 * (total - 1)).toFixed(1)}</b></td></tr>`;
  });
  const head = ['year', ...MONTHS, 'all'].map((name) => `<th>${name}</th>`).join('');
  return `<div class="scroll" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function comparison(report: BacktestReport): string {
  const { random, buyAndHold } = report.baselines;
  const three = (
    [low, middle, high]: readonly [number, number, number],
    text: (x: number) => string,
  ): string => `${text(low)} / ${text(middle)} / ${text(high)}`;
  return [
    table(
      ['run', ...PERFORMANCE_HEAD],
      [
        ['this backtest', ...performanceCells(report.performance)],
        ['the same, free of costs', ...performanceCells(report.baselines.withoutCosts)],
        ['buy and hold', ...performanceCells(buyAndHold)],
        ['always flat', '0.0 %', '–', '–', '–', '–', '0.0 %', '0.0 %', '0'],
      ],
    ),
    `<p class="faint">Random entries, ${random.runs} runs with the same positions at other times (5th, 50th, 95th percentile): return ${three(random.totalReturn, percent)}; Sharpe ${three(random.sharpe, (x) => x.toFixed(2))}. As good by Sharpe: ${percent(random.asGoodBySharpe)} of the runs, by return: ${percent(random.asGoodByReturn)}.</p>`,
  ].join('');
}

function equitySection({ curve, band }: BacktestReport): string {
  return `<h2>Equity</h2>
<div class="key"><span><i style="color:var(--own)"></i>this backtest</span><span><i style="color:var(--other)"></i>buy and hold</span><span><i style="color:var(--band)"></i>random entries, 5 % to 95 % and median</span></div>
${timeChart(
  [
    { kind: 'band', time: band.time, values: band.low, upTo: band.high },
    { kind: 'middle', time: band.time, values: band.middle },
    { kind: 'hold', time: curve.time, values: curve.buyAndHold },
    { kind: 'own', time: curve.time, values: curve.equity },
  ],
  { height: 340, label: 'equity over time', text: (x) => x.toFixed(2) },
)}
<h2>Drawdown</h2>
${timeChart(
  [
    {
      kind: 'fall',
      time: curve.time,
      values: curve.drawdown.map(() => 0),
      upTo: curve.drawdown.map((x) => -x),
    },
  ],
  { height: 170, label: 'drawdown over time', text: (x) => percent(x, 0) },
)}`;
}

function modelSection({ scores }: BacktestReport): string {
  const charts = scores
    .map(
      (score) =>
        `<figure>${calibrationChart(score)}<figcaption>${score.horizon}: expected calibration error ${percent(score.probabilities?.calibrationError ?? 0)}, information coefficient ${score.informationCoefficient === undefined ? 'unknown' : `${score.informationCoefficient.pearson.toFixed(3)} (± ${score.informationCoefficient.standardError.toFixed(3)})`}</figcaption></figure>`,
    )
    .join('');
  const rows = scores.map(({ horizon, directional, accuracy, baselines, probabilities: p }) => [
    horizon,
    `${percent(directional.accuracy)} of ${directional.samples}`,
    percent(directional.baseline),
    directional.z.toFixed(1),
    `${percent(accuracy)} (${percent(baselines.majority)})`,
    p === undefined ? '–' : `${p.logLoss.toFixed(4)} (${p.baseLogLoss.toFixed(4)})`,
    p === undefined ? '–' : `${p.brier.toFixed(4)} (${p.baseBrier.toFixed(4)})`,
  ]);
  return `<h2>Calibration</h2><p class="faint">How often the likeliest class came true (upwards) when so much was said of it (to the right); bars are ± 2 standard errors, larger points hold more predictions.</p><div class="three">${charts}</div>
<h2>Forecasts</h2>${table(['horizon', 'up or down right', 'commoner one', 'z', 'accuracy (majority)', 'log-loss (base rates)', 'Brier (base rates)'], rows)}`;
}

/** A backtest as one HTML file that needs nothing else. */
export function backtestPage(report: BacktestReport): string {
  const { symbol, timeframe, tested, family, folds, rule, costs, leakage } = report;
  const title = `Backtest of ${symbol} ${timeframe}`;
  const isBad = leakage !== null && leakage.differences > 0;
  const spread =
    costs.quotedShare === 1
      ? 'the spread of the data'
      : costs.quotedShare === 0
        ? `a spread of ${costs.spreadBps} bps`
        : `the spread of the data, ${costs.spreadBps} bps where it has none`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escaped(title)}</title><style>${PAGE_STYLE}</style></head><body><main>
<h1>${escaped(title)}</h1>
<p class="faint">${tested.bars} bars from ${day(tested.from)} to ${day(tested.through)}, predicted walk-forward in ${folds} folds by ${escaped(family)} models that had not seen them</p>
<div class="verdict${isBad ? ' bad' : ''}">${report.verdict.map((sentence) => `<p>${escaped(sentence)}</p>`).join('')}</div>
<div class="cards">${cards(report)}</div>
${equitySection(report)}
<h2>Beside doing nothing clever</h2>
${comparison(report)}
<h2>Monthly returns, %</h2>
${monthTable(report.monthly)}
<h2>Where the edge is: hour of the entry (UTC)</h2>
<p class="faint">Mean return of a trade in basis points, costs paid, ± 2 standard errors; below, the number of trades.</p>
${sliceChart(report.byHour, 'mean return of a trade by hour')}
<h2>Where the edge is: regime at the decision</h2>
<p class="faint">Volatility of 24 bars among the last 500 in thirds; trending when at least 30 % of the way of 24 bars was progress.</p>
${sliceChart(report.byRegime, 'mean return of a trade by regime')}
${modelSection(report)}
<h2>What abstaining does</h2>
${table(
  ['acts with', ...PERFORMANCE_HEAD],
  report.abstention.map(({ name, performance }) => [name, ...performanceCells(performance)]),
)}
<p class="faint">“More than luck” of this table counts its rows as tried, for it is read for the best one.</p>
<h2>How it is traded</h2>
<p>${escaped(rule.inWords)}.</p>
<p>Costs: ${spread}, ${costs.commissionBps} bps commission and ${costs.slippageBps} bps slippage on each side. The spread at an open is the wider of the quotes before and after it.</p>
</main></body></html>
`;
}
