import { Command } from 'commander';
import { upgradeFolder } from '../upgrade/upgrade.js';
import { dataOption, jsonOption } from './options.js';

export function upgradeCommand(): Command {
  return new Command('upgrade')
    .description('convert the data folder of an earlier version of Suho, keeping a copy of it')
    .addOption(dataOption().makeOptionMandatory())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Example:
  suho upgrade --data suho-data

No engine may run on the folder. It is copied beside itself first (suho-data.format-4), and the copy compared with it; the disk
needs room for both. An upgrade that was interrupted continues when the command is run again. Schemas of PostgreSQL and
ClickHouse are not part of it: an engine applies those of its own stores at each start, and suho schema apply those of servers.`,
    )
    .action(async ({ data, json }: { readonly data: string; readonly json?: boolean }) => {
      const done = await upgradeFolder(data);
      process.stdout.write(json === true ? `${JSON.stringify(done)}\n` : textOf(done));
    });
}

function textOf({ folder, from, to, steps, copy }: Awaited<ReturnType<typeof upgradeFolder>>): string {
  if (copy === undefined) return `${folder} has format ${to} already; there is nothing to do\n`;
  return `${folder} was converted from format ${from} to ${to}: ${steps.join('; ')}\nthe folder as it was is ${copy}; remove it when all is well\n`;
}
