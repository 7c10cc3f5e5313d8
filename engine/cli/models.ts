import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import type { DiffModelsResponse__Output as DiffModelsResponse } from '../api/generated/suho/v1/DiffModelsResponse.js';
import type { ListModelsResponse__Output as ListModelsResponse } from '../api/generated/suho/v1/ListModelsResponse.js';
import type { Model__Output as Model } from '../api/generated/suho/v1/Model.js';
import type { ModelComparison__Output as ModelComparison } from '../api/generated/suho/v1/ModelComparison.js';
import type { ModelDetails__Output as ModelDetails } from '../api/generated/suho/v1/ModelDetails.js';
import { callsOf } from './client.js';
import { describeComparison, describeDifferences, describeModel, describeModels } from './model-text.js';
import { modelsImportCommand } from './models-import.js';
import { modelsQuantizeCommand } from './models-quantize.js';
import { addressOption, jsonOption, readTenant } from './options.js';

interface Options {
  readonly address: string;
  readonly tenant?: string;
  readonly level?: string;
  readonly json?: boolean;
}

interface ChangeOptions extends Options {
  readonly reason: string;
  readonly share?: number;
  readonly days?: number;
  readonly automatic?: boolean;
}

/** Calls that change a model open it first, which takes as long as its trial. */
const CHANGE_MS = 120_000;

export function modelsCommand(): Command {
  const command = new Command('models')
    .description('show models, and decide which serve and which are tried')
    .addHelpText(
      'after',
      `
A model is named by feed, symbol and timeframe, and its version.

Examples:
  suho models list
  suho models show published/EURUSD/1h v1.0.3
  suho models canary published/EURUSD/1h v1.0.3 --share 0.1 --automatic --reason "better in validation"
  suho models rollback published/EURUSD/1h v1.0.3 --reason "spread widened"`,
    );
  for (const sub of [
    listCommand(),
    showCommand(),
    compareCommand(),
    diffCommand(),
    ...changeCommands(),
    modelsImportCommand(),
    modelsQuantizeCommand(),
  ])
    command.addCommand(sub);
  return command;
}

const call = callsOf('ModelService');

function print(json: boolean | undefined, value: object, text: () => string): void {
  process.stdout.write(json === true ? `${JSON.stringify(value)}\n` : `${text()}\n`);
}

function tenantOption(): Option {
  return new Option('--tenant <id>', 'another tenant’s models; for operators').argParser(readTenant);
}

/** The options and arguments that name one model. */
function ofModel(command: Command): Command {
  return command
    .addArgument(new Argument('<name>', 'feed, symbol and timeframe, as the list shows them'))
    .addArgument(new Argument('<version>', 'version, such as v1.0.3'))
    .addOption(
      new Option('--level <level>', 'whose model; the nearest without it').choices([
        'platform',
        'tenant',
        'user',
      ]),
    )
    .addOption(tenantOption())
    .addOption(addressOption())
    .addOption(jsonOption());
}

function reference(name: string, version: string, { level, tenant }: Options): object {
  return {
    name,
    version,
    ...(level === undefined ? {} : { level: `MODEL_LEVEL_${level.toUpperCase()}` }),
    ...(tenant === undefined ? {} : { tenant_id: tenant }),
  };
}

function listCommand(): Command {
  return new Command('list')
    .description(
      'list the models you see: the platform’s, your tenant’s, your own; all of them for operators',
    )
    .addArgument(new Argument('[name]', 'feed, symbol and timeframe: published/EURUSD/1h'))
    .addOption(tenantOption())
    .addOption(addressOption())
    .addOption(jsonOption())
    .action(async (name: string | undefined, options: Options) => {
      const request = { name: name ?? '', tenant_id: options.tenant ?? '' };
      const { models } = await call<ListModelsResponse>(options.address, 'ListModels', request);
      print(options.json, models, () => describeModels(models));
    });
}

function showCommand(): Command {
  return ofModel(
    new Command('show').description(
      'show one version: lineage, scores, where it serves, its trial, its history',
    ),
  ).action(async (name: string, version: string, options: Options) => {
    const model = reference(name, version, options);
    const details = await call<ModelDetails>(options.address, 'GetModel', { model });
    print(options.json, details, () => describeModel(details));
  });
}

function compareCommand(): Command {
  return ofModel(
    new Command('compare').description('compare two versions by the outcomes of the bars both answered'),
  )
    .addArgument(new Argument('<against>', 'version it is compared with'))
    .action(async (name: string, version: string, against: string, options: Options) => {
      const request = { model: reference(name, version, options), against };
      const comparison = await call<ModelComparison>(options.address, 'CompareModels', request);
      print(options.json, comparison, () => describeComparison(comparison));
    });
}

function diffCommand(): Command {
  return ofModel(new Command('diff').description('show what differs between two versions'))
    .addArgument(new Argument('<against>', 'version it is compared with'))
    .action(async (name: string, version: string, against: string, options: Options) => {
      const request = { model: reference(name, version, options), against };
      const { differences } = await call<DiffModelsResponse>(options.address, 'DiffModels', request);
      print(options.json, differences, () => describeDifferences(version, against, differences));
    });
}

function readShare(text: string): number {
  const share = Number(text);
  if (!(share > 0 && share < 1)) throw new InvalidArgumentError(`"${text}" is not between 0 and 1.`);
  return share;
}

function readDays(text: string): number {
  const days = Number(text);
  if (!(days > 0)) throw new InvalidArgumentError(`"${text}" is not a number of days above 0.`);
  return days;
}

function changeCommands(): Command[] {
  const shareOption = (share: number): Option =>
    new Option('--share <share>', `share of the bars it serves, ${share} without it`).argParser(readShare);
  const automaticOption = (): Option =>
    new Option('--automatic', 'let outcomes move it on or out, as they do for a retrained model');
  return [
    changeCommand('promote', 'make a version production'),
    changeCommand('shadow', 'have a version answer every bar without serving any').addOption(
      automaticOption(),
    ),
    changeCommand('canary', 'have a version serve a share of the bars')
      .addOption(shareOption(0.1))
      .addOption(automaticOption()),
    changeCommand('ab', 'have a version share the bars with production until one of them wins')
      .addOption(shareOption(0.5))
      .addOption(
        new Option('--days <days>', 'how long it goes on at most, 30 without it').argParser(readDays),
      ),
    changeCommand('rollback', 'from this production version back to the one before'),
    changeCommand(
      'withdraw',
      'end the trial of a version; of one in production of a user or tenant: let the level behind serve',
    ),
    changeCommand('archive', 'end a version for good'),
  ];
}

function changeCommand(change: string, description: string): Command {
  return ofModel(new Command(change).description(description))
    .addOption(new Option('--reason <text>', 'why, for the record').makeOptionMandatory())
    .action(async (name: string, version: string, options: ChangeOptions) => {
      const { reason, share = 0, days = 0, automatic = false } = options;
      const model = reference(name, version, options);
      const request = {
        model,
        change: `MODEL_CHANGE_${change.toUpperCase()}`,
        reason,
        share,
        days,
        automatic,
      };
      const changed = await call<Model>(options.address, 'ChangeModel', request, CHANGE_MS);
      print(options.json, changed, () => describeModels([changed]));
    });
}
