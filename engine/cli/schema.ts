import { Command } from 'commander';
import { applySchemas, schemaStatus } from '../database/schemas.js';
import { jsonOption } from './options.js';
import { postgresOptions, withPostgres, type PostgresOptions } from './postgres-session.js';
import { formatTable } from './table.js';

interface Options extends PostgresOptions {
  readonly again?: boolean;
  readonly json?: boolean;
}

export function schemaCommand(): Command {
  const apply = new Command('apply')
    .description('bring PostgreSQL to the schemas of this version; nothing to do is nothing done')
    .option('--again', 'apply also what is there already')
    .addOption(jsonOption())
    .action(async (options: Options) => {
      const applied = await withPostgres(
        options,
        async (connection) => await applySchemas(connection, options.again),
      );
      const text =
        applied.length === 0
          ? 'all schemas are there already\n'
          : applied.map((file) => `applied ${file}\n`).join('');
      process.stdout.write(options.json === true ? `${JSON.stringify(applied)}\n` : text);
    });
  const status = new Command('status')
    .description('show which schemas PostgreSQL has')
    .addOption(jsonOption())
    .addHelpText('after', '\nExit status 0: all as this version wants them. 1: not.')
    .action(async (options: Options) => {
      const files = await withPostgres(options, schemaStatus);
      if (files.some(({ version, applied }) => version !== applied)) process.exitCode = 1;
      const rows = files.map(({ file, version, applied }) => [
        file,
        String(version),
        applied === undefined ? 'no' : String(applied),
      ]);
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify(files)}\n`
          : `${formatTable(['schema', 'this version', 'applied'], rows)}\n`,
      );
    });
  const command = new Command('schema').description('apply the PostgreSQL schemas and show which are there');
  for (const sub of [apply, status]) {
    for (const option of postgresOptions()) sub.addOption(option);
    command.addCommand(sub);
  }
  return command;
}
