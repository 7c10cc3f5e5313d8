import { existsSync } from 'node:fs';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { BarGrid } from '../../actors/market/bar-grid.js';
import { calendarOfRule } from '../calendars.js';
import { loadConfig } from '../config.js';
import { runExperiment, verdictOf, type Experiment } from '../experiments/experiment.js';
import { STAGES } from '../experiments/halving.js';
import { PostgresExperimentStore } from '../experiments/postgres-experiment-store.js';
import { FEATURE_GROUPS, SEARCHED_FAMILIES, type SearchedFamily } from '../experiments/search-space.js';
import { DataFolder } from '../journal/data-folder.js';
import { packBars } from '../journal/records.js';
import { buildDataset } from '../learning/dataset.js';
import { checkLearnable } from '../learning/dataset-faults.js';
import { rowsNeeded } from '../learning/history-needed.js';
import { addBarSource, barsOf, type BarSourceOptions, type MarketBars } from './bar-source.js';
import { listExperimentsCommand, showExperimentCommand } from './experiments.js';
import { sayRefusals } from './file-options.js';
import { countOption, jsonOption, readName } from './options.js';
import { withPostgres } from './postgres-session.js';
import { startProgress } from './progress.js';
import { scoreTable } from './score-table.js';
import { formatTable, percent, utc } from './table.js';

interface Options extends BarSourceOptions {
  readonly name: string;
  readonly families: readonly SearchedFamily[];
  readonly minutes: number;
  readonly workers: '1' | '2';
  readonly seed: number;
  readonly json?: boolean;
}

/** Rows as many times as a training needs: each part of the split has to hold enough. */
const ROWS_FACTOR = 3;
/** Trials that the table shows. */
const SHOWN = 12;

const HELP = `
Example:
  suho experiment run EURUSD_h1.csv.gz --name eurusd-1 --minutes 20 --data eurusd

Candidates are drawn at random: a kind of model, its rules, and groups of features. Rounds of ${STAGES[0].candidates} are fitted to a quarter of the
rows, the better half to half of them, the best two to all. The winner is chosen on rows that no model was fitted to, and scored
once on the newest fifth of the rows, which no trial sees. Every trial is stored (ml_registry.experiments, training_jobs): the same
command goes on after a kill, and says the result again once it is there.`;

function readFamilies(text: string): readonly SearchedFamily[] {
  return text.split(',').map((name) => {
    const family = SEARCHED_FAMILIES.find((each) => each === name);
    if (family === undefined)
      throw new InvalidArgumentError(
        `There is no family "${name}"; choose of ${SEARCHED_FAMILIES.join(', ')}.`,
      );
    return family;
  });
}

function readMinutes(text: string): number {
  const minutes = Number(text);
  if (!(minutes > 0 && minutes <= 10_080))
    throw new InvalidArgumentError(`"${text}" is not a number of minutes up to a week.`);
  return minutes;
}

export function experimentCommand(): Command {
  return new Command('experiment')
    .description(
      'search kinds of model, features and rules, say honestly what the best is worth; show what A/B tests came to',
    )
    .addCommand(runCommand())
    .addCommand(listExperimentsCommand())
    .addCommand(showExperimentCommand());
}

function runCommand(): Command {
  const command = addBarSource(new Command('run').description('run an experiment, or go on with it'));
  for (const option of [
    new Option('--name <name>', 'name of the experiment').argParser(readName).makeOptionMandatory(),
    new Option('--families <list>', 'kinds of model, commas between')
      .argParser(readFamilies)
      .default(SEARCHED_FAMILIES, SEARCHED_FAMILIES.join(',')),
    new Option('--minutes <n>', 'budget: trials begin for so long').argParser(readMinutes).default(10),
    new Option('--workers <n>', 'threads').choices(['1', '2']).default('2'),
    countOption('--seed <n>', 'seed of the candidates and their fits', 7),
    jsonOption(),
  ])
    command.addOption(option);
  return command.addHelpText('after', HELP).action(run);
}

async function run(file: string | undefined, options: Options): Promise<void> {
  const market = await barsOf(file, options);
  sayRefusals(market.report);
  const { bars, timeframe, calendar } = market;
  const dataset = buildDataset(bars, BarGrid.of(timeframe, calendarOfRule(calendar)));
  checkLearnable(dataset, timeframe, 'An experiment', ROWS_FACTOR * rowsNeeded(timeframe));
  const { data } = loadConfig(options.config, process.env, { data: options.data });
  if (!existsSync(path.join(data, 'suho.json'))) DataFolder.open(data).release();
  const experiment = await withPostgres(options, async (connection) => {
    const store = new PostgresExperimentStore(connection);
    const progress = startProgress(`experiment ${options.name}`);
    try {
      return await runExperiment(
        runOf(market, options, (share, stage) => progress.update(share, stage)),
        store,
      );
    } finally {
      progress.stop();
      await store.close();
    }
  });
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify({ ...experiment, verdict: verdictOf(experiment.conclusion) })}\n`
      : describe(experiment),
  );
}

function runOf(
  { bars, symbol, timeframe, calendar }: MarketBars,
  { name, families, minutes, workers, seed, basis }: Options,
  update: (share: number, stage: string) => void,
): Parameters<typeof runExperiment>[0] {
  const packed = packBars(bars);
  const shared = new Float64Array(new SharedArrayBuffer(packed.byteLength));
  shared.set(packed);
  return {
    name,
    families,
    seed,
    budgetSeconds: 60 * minutes,
    workers: Number(workers),
    settings: {
      symbol,
      timeframe,
      bars: bars.length,
      from: bars[0]!.openTime,
      through: bars.at(-1)!.openTime,
      families,
      seed,
    },
    setup: { bars: shared, timeframe, calendar, basis, seed },
    onTrial: (share, fits, best) =>
      update(
        share,
        `${fits} fits${best === undefined ? '' : `, best ${(-best).toFixed(4)} better than base rates`}`,
      ),
  };
}

function describe({ trials, conclusion }: Experiment): string {
  const shown = [...trials]
    .filter(({ score }) => score !== undefined)
    .sort((a, b) => b.stage - a.stage || a.score!.logLoss - b.score!.logLoss)
    .slice(0, SHOWN);
  const rows = shown.map(({ candidate, stage, what, score }) => [
    `${candidate}${candidate === conclusion.candidate ? ' (winner)' : ''}`,
    what.family,
    Object.entries(what.rules)
      .map(([rule, value]) => `${rule} ${value}`)
      .join(', ') || 'its own rules',
    what.groups.length === FEATURE_GROUPS.length ? 'all' : what.groups.join(', '),
    percent(STAGES[stage]!.share),
    (score!.baseLogLoss - score!.logLoss).toFixed(4),
    score!.sharpe === undefined ? '-' : score!.sharpe.toFixed(2),
  ]);
  const { final } = conclusion;
  return [
    formatTable(
      ['candidate', 'kind', 'rules', 'features', 'of the rows', 'better than base rates', 'Sharpe'],
      rows,
    ),
    `${trials.length} fits of ${conclusion.candidates} candidates. The winner, once, from ${utc(final.from)} to ${utc(final.through)}, which no trial saw:`,
    scoreTable('samples', final.scores),
    ...verdictOf(conclusion),
    '',
  ].join('\n');
}
