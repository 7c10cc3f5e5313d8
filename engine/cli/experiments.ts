import { Argument, Command, Option } from 'commander';
import type { Experiment__Output as Experiment } from '../api/generated/suho/v1/Experiment.js';
import type { ListExperimentsResponse__Output as ListExperimentsResponse } from '../api/generated/suho/v1/ListExperimentsResponse.js';
import { SuhoError, quoted } from '../errors.js';
import { callsOf } from './client.js';
import { addressOption, jsonOption, readTenant } from './options.js';
import { formatTable, percent, utc } from './table.js';

interface Options {
  readonly address: string;
  readonly tenant?: string;
  readonly json?: boolean;
}

/** The arms of an A/B test as they are on record. */
interface TestArms {
  readonly kind: 'ab';
  readonly variants: readonly { readonly arm: string; readonly version?: string; readonly share: number }[];
}

/** Figures of one variant. */
interface Score {
  readonly logLoss: number;
  readonly brier: number;
  readonly pnl: number;
}

interface TestResult {
  readonly winner?: string | null;
  readonly reason?: string;
  readonly figures?: {
    readonly bars: number;
    readonly production: Score;
    readonly challenger: Score;
  } | null;
}

const call = callsOf('ModelService');

function ofEngine(command: Command): Command {
  return command
    .addOption(new Option('--tenant <id>', 'another tenant’s; for operators').argParser(readTenant))
    .addOption(addressOption())
    .addOption(jsonOption());
}

async function ask({ address, tenant }: Options): Promise<readonly Experiment[]> {
  const request = { tenant_id: tenant ?? '' };
  return (await call<ListExperimentsResponse>(address, 'ListExperiments', request)).experiments;
}

/** Lists the A/B tests and searches that a running engine has on record. */
export function listExperimentsCommand(): Command {
  return ofEngine(
    new Command('list').description('list A/B tests and searches on record with a running engine'),
  ).action(async (options: Options) => {
    const experiments = await ask(options);
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify(experiments.map(inNumbers))}\n`
        : `${describeAll(experiments)}\n`,
    );
  });
}

/** Shows one of them. */
export function showExperimentCommand(): Command {
  return ofEngine(
    new Command('show')
      .description('show one experiment on record: its variants, what it came to, and why')
      .addArgument(new Argument('<name>', 'name, as the list shows it')),
  ).action(async (name: string, options: Options) => {
    const experiment = (await ask(options)).find((each) => each.name === name);
    if (experiment === undefined)
      throw new SuhoError(
        'NOT_FOUND',
        `There is no experiment ${quoted(name)}; suho experiment list shows those there are.`,
      );
    process.stdout.write(
      options.json === true ? `${JSON.stringify(inNumbers(experiment))}\n` : `${describe(experiment)}\n`,
    );
  });
}

function inNumbers(experiment: Experiment): object {
  const { started_at: started, concluded_at: concluded, arms, result } = experiment;
  return {
    ...experiment,
    started_at: Number(started),
    concluded_at: Number(concluded),
    arms: JSON.parse(arms) as object,
    result: JSON.parse(result) as object,
  };
}

function armsOf({ arms }: Experiment): TestArms | undefined {
  const read = JSON.parse(arms) as Partial<TestArms>;
  return read.kind === 'ab' ? (read as TestArms) : undefined;
}

function when(time: string): string {
  return time === '0' ? '' : utc(Number(time));
}

function describeAll(experiments: readonly Experiment[]): string {
  if (experiments.length === 0) return 'no experiments';
  return formatTable(
    ['name', 'status', 'began (UTC)', 'ended (UTC)', 'compared', 'winner'],
    experiments.map((experiment) => [
      experiment.name,
      experiment.status,
      when(experiment.started_at),
      when(experiment.concluded_at),
      armsOf(experiment)
        ?.variants.map(({ version = '-', share }) => `${version} ${percent(share)}`)
        .join(', ') ?? 'a search',
      (JSON.parse(experiment.result) as TestResult).winner ?? '',
    ]),
  );
}

function describe(experiment: Experiment): string {
  const { name, status, hypothesis, started_at: began, concluded_at: ended } = experiment;
  const result = JSON.parse(experiment.result) as TestResult;
  const facts = [
    `${name}: ${status}`,
    `began ${when(began)} UTC${ended === '0' ? '' : `, ended ${when(ended)} UTC`}; because: ${hypothesis}`,
  ];
  const arms = armsOf(experiment);
  if (arms === undefined) return [...facts, experiment.arms, experiment.result].join('\n');
  for (const { arm, version = '-', share } of arms.variants)
    facts.push(`${arm} ${version} on ${percent(share)} of the bars`);
  const { figures, reason } = result;
  if (figures !== null && figures !== undefined) {
    const row = (label: string, of: (score: Score) => string): string[] => [
      label,
      of(figures.production),
      of(figures.challenger),
    ];
    facts.push(
      formatTable(
        [`${figures.bars} bars`, ...arms.variants.map(({ version = '-' }) => version)],
        [
          row('log-loss', ({ logLoss }) => fixed(logLoss)),
          row('Brier score', ({ brier }) => fixed(brier)),
          row('profit after spreads', ({ pnl }) => percent(pnl)),
        ],
      ),
    );
  }
  if (reason !== undefined) facts.push(reason);
  return facts.join('\n');
}

/** Means of no bars are none. */
function fixed(x: number | null): string {
  return x === null ? '-' : x.toFixed(4);
}
