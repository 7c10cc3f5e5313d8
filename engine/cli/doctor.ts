import { Command } from 'commander';
import { loadConfig } from '../config.js';
import { examine } from '../ops/doctor.js';
import { jsonOption } from './options.js';

interface Options {
  readonly config?: string;
  readonly data?: string;
  readonly json?: boolean;
}

const MARKS = { ok: 'ok     ', warning: 'WARNING', failed: 'FAILED ' } as const;

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check every store and broker that is configured: connection, version, schema, rights')
    .option('--config <file>', 'configuration file (JSON)')
    .option('--data <folder>', 'data folder')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExit status 0: everything works, with or without warnings. 1: something does not work.',
    )
    .action(async ({ config, data, json }: Options) => {
      const findings = await examine(loadConfig(config, process.env, data === undefined ? {} : { data }));
      if (findings.some(({ state }) => state === 'failed')) process.exitCode = 1;
      if (json === true) {
        process.stdout.write(`${JSON.stringify(findings)}\n`);
        return;
      }
      for (const { part, state, found, advice } of findings)
        process.stdout.write(
          `${MARKS[state]}  ${part}: ${found}${advice === '' ? '' : `\n         → ${advice}`}\n`,
        );
    });
}
