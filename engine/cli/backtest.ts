import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { HORIZONS } from '../../actors/features/labels.js';
import { backtest, type BacktestResult } from '../backtest/backtest.js';
import { DEFAULT_COSTS } from '../backtest/market.js';
import { backtestPage } from '../backtest/page.js';
import { PERFORMANCE_HEAD, performanceCells } from '../backtest/performance-table.js';
import type { Performance } from '../backtest/performance.js';
import { DEFAULT_RULE } from '../backtest/positions.js';
import { reportOf, tradeLines, type BacktestReport } from '../backtest/report.js';
import type { BacktestSettings } from '../backtest/settings.js';
import { calendarOfRule } from '../calendars.js';
import { familyOf } from '../learning/families/families.js';
import { TRAINABLE, type Trainable } from '../learning/families/names.js';
import { addBarSource, barsOf, type BarSourceOptions, type MarketBars } from './bar-source.js';
import { sayRefusals } from './file-options.js';
import { countOption, jsonOption } from './options.js';
import { startProgress } from './progress.js';
import { scoreTable } from './score-table.js';
import { formatTable, percent, utc } from './table.js';
import { writeWhole } from './whole-file.js';

interface Options extends BarSourceOptions {
  readonly family: Trainable;
  readonly folds: number;
  readonly testShare: number;
  readonly rowsMax: number;
  readonly budget: number;
  readonly seed: number;
  readonly horizon: (typeof HORIZONS)[number];
  readonly minShare: number;
  readonly minReturn: number;
  readonly exit: 'horizon' | 'signal';
  readonly spread: number;
  readonly commission: number;
  readonly slippage: number;
  readonly trials: number;
  readonly runs: number;
  readonly leakageCheck: boolean;
  readonly html?: string;
  readonly trades?: string;
  readonly json?: boolean;
}

const HELP = `
Examples:
  suho backtest EURUSD_h1.csv.gz --html eurusd.html --trades eurusd-trades.csv
  suho backtest BTCUSD_m1.csv.gz --horizon 4h --min-share 0.55 --spread 2 --json > btc.json
  suho backtest --from-store --symbol GBPUSD --timeframe 1h --data gbp

Every bar is predicted by a model fitted only to what was known before its fold. A position wanted at a bar's close is
filled at the next open: buys at the ask, sells at the bid. --trials says how many backtests of this market you have
looked at, this one among them: the best of many looks good by luck alone, and the deflated Sharpe ratio takes that off.`;

/** A number within bounds, of an option. */
function numberOption(
  flags: string,
  description: string,
  [low, high]: readonly [number, number],
  fallback: number,
): Option {
  return new Option(flags, description)
    .argParser((text: string) => {
      const x = Number(text);
      if (text.trim() === '' || !(x >= low && x <= high))
        throw new InvalidArgumentError(`"${text}" is not a number from ${low} to ${high}.`);
      return x;
    })
    .default(fallback);
}

export function backtestCommand(): Command {
  const command = addBarSource(
    new Command('backtest').description(
      'trade the walk-forward signals of a market on paper, costs paid, beside chance',
    ),
  );
  for (const option of [...signalOptions(), ...tradingOptions(), ...reportOptions()])
    command.addOption(option);
  return command.addHelpText('after', HELP).action(run);
}

/** Which models, and on what they are trained. */
function signalOptions(): Option[] {
  return [
    new Option('--family <family>', 'kind of model').choices(TRAINABLE).default('auto'),
    countOption('--folds <n>', 'models, each for its own stretch', 6),
    numberOption('--test-share <share>', 'share of the bars, the newest, that is traded', [0.1, 0.8], 0.5),
    countOption('--rows-max <n>', 'newest rows a model is trained on', 20_000),
    countOption('--budget <seconds>', 'time of one core that auto may take for a fit, as it estimates', 180),
    countOption('--seed <n>', 'seed of everything random', 7),
  ];
}

/** The rule and the costs. */
function tradingOptions(): Option[] {
  const { horizon, minDirectionalShare, minReturnInSpreads, exit } = DEFAULT_RULE;
  const { spreadBps, commissionBps, slippageBps } = DEFAULT_COSTS;
  const bps = [0, 1e4] as const;
  return [
    new Option('--horizon <horizon>', 'horizon that is traded')
      .choices([...HORIZONS])
      .default(HORIZONS[horizon]),
    numberOption(
      '--min-share <share>',
      'lowest share of the direction among up and down',
      [0.5, 1],
      minDirectionalShare,
    ),
    numberOption(
      '--min-return <spreads>',
      'lowest expected return, in spreads',
      [0, 1e6],
      minReturnInSpreads,
    ),
    new Option(
      '--exit <when>',
      'when a position ends that no signal turns: with its horizon, or with the first bar without a signal its way',
    )
      .choices(['horizon', 'signal'])
      .default(exit),
    numberOption('--spread <bps>', 'spread where the data have none, basis points', bps, spreadBps),
    numberOption('--commission <bps>', 'commission on each side, basis points', bps, commissionBps),
    numberOption('--slippage <bps>', 'slippage on each side, basis points', bps, slippageBps),
  ];
}

/** What is compared, checked and written. */
function reportOptions(): Option[] {
  return [
    countOption('--trials <n>', 'backtests of this market you have looked at, this one among them', 1),
    countOption('--runs <n>', 'runs of random entries', 1_000),
    new Option(
      '--no-leakage-check',
      'do not check that another future leaves the trades before it as they are',
    ),
    new Option('--html <file>', 'write the page with its plots there'),
    new Option('--trades <file>', 'write the trades there, as CSV'),
    jsonOption(),
  ];
}

async function run(file: string | undefined, options: Options): Promise<void> {
  const market = await barsOf(file, options);
  sayRefusals(market.report);
  const settings = settingsOf(options, market);
  const progress = startProgress('backtest');
  const result = await backtest(market.bars, settings, (share, stage) =>
    progress.update(share, stage),
  ).finally(() => progress.stop());
  const report = reportOf(result, settings, market);
  if (options.html !== undefined) await writeText(options.html, [backtestPage(report)]);
  if (options.trades !== undefined) await writeText(options.trades, tradeLines(result, settings.rule));
  process.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : describe(report, result));
}

async function writeText(out: string, parts: Iterable<string>): Promise<void> {
  await writeWhole(out, async (temporary) => await writeFile(temporary, [...parts].join('')));
}

function settingsOf(options: Options, { timeframe, calendar }: MarketBars): BacktestSettings {
  return {
    timeframe,
    calendar: calendarOfRule(calendar),
    basis: options.basis,
    family: familyOf(options.family),
    folds: options.folds,
    rowsMax: options.rowsMax,
    testShare: options.testShare,
    seed: options.seed,
    budgetSeconds: options.budget,
    rule: {
      horizon: HORIZONS.indexOf(options.horizon),
      minDirectionalShare: options.minShare,
      minReturnInSpreads: options.minReturn,
      exit: options.exit,
    },
    costs: { spreadBps: options.spread, commissionBps: options.commission, slippageBps: options.slippage },
    trials: options.trials,
    randomRuns: options.runs,
    checksLeakage: options.leakageCheck,
  };
}

function describe(report: BacktestReport, { scores }: BacktestResult): string {
  const { symbol, timeframe, tested, rule, baselines, abstention, performance } = report;
  const line = (name: string, p: Performance): string[] => [name, ...performanceCells(p)];
  const [low, middle, high] = baselines.random.totalReturn.map((x) => percent(x));
  return [
    `${symbol} ${timeframe}: ${tested.bars} bars from ${utc(tested.from)} to ${utc(tested.through)}, ${report.folds} folds, ${report.family}`,
    `Rule: ${rule.inWords}.`,
    scoreTable('walk-forward samples', scores),
    formatTable(
      ['', ...PERFORMANCE_HEAD],
      [
        line('this backtest', performance),
        line('the same, free of costs', baselines.withoutCosts),
        line('buy and hold', baselines.buyAndHold),
        ...abstention.map((each) => line(each.name, each.performance)),
      ],
    ),
    `Random entries (${baselines.random.runs} runs): return ${low} / ${middle} / ${high} (5th, 50th, 95th percentile).`,
    ...report.verdict,
    '',
  ].join('\n');
}
