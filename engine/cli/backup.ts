import path from 'node:path';
import { Command, Option } from 'commander';
import type { CreateBackupResponse__Output as CreateBackupResponse } from '../api/generated/suho/v1/CreateBackupResponse.js';
import { restoreBackup } from '../backup/backup.js';
import { callUnary, connect } from './client.js';
import { addressOption, dataOption, jsonOption } from './options.js';

/** Copying a large data folder takes as long as it takes. */
const BACKUP_MS = 12 * 3_600_000;

export function backupCommand(): Command {
  return new Command('backup')
    .description('copy the data folder of a running engine, consistent, while it goes on; for operators')
    .argument('[name]', 'name of the backup; the time when it is left out')
    .addOption(addressOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  suho backup
  suho backup before-upgrade

The engine writes it on its own machine into backup.folder, or into backups/ of its data folder: the journal, the embedded
PostgreSQL and ClickHouse, model files. Servers of your own (clickhouse.url, postgres.url, …) are backed up with their own
tools, after this command. A data folder no engine uses is backed up by copying it.`,
    )
    .action(async (given: string | undefined, { address, json }: { address: string; json?: boolean }) => {
      const name = given ?? new Date().toISOString().replaceAll(':', '').replace(/\..*/, 'Z');
      const client = connect(address, 'OperatorService');
      try {
        const made = await callUnary<CreateBackupResponse>(
          client,
          'CreateBackup',
          { name },
          address,
          BACKUP_MS,
        );
        process.stdout.write(
          json === true
            ? `${JSON.stringify({ ...made, bytes: Number(made.bytes) })}\n`
            : `${made.files} files, ${(Number(made.bytes) / 1e6).toFixed(1)} MB in ${made.folder}; suho restore makes a data folder of it\n`,
        );
      } finally {
        client.close();
      }
    });
}

export function restoreCommand(): Command {
  return new Command('restore')
    .description('make a data folder from a backup')
    .argument('<backup>', 'folder that suho backup made')
    .addOption(dataOption().makeOptionMandatory())
    .addOption(new Option('--json', 'print JSON'))
    .addHelpText(
      'after',
      `
Example:
  suho restore /backup/2026-11-26T120000Z --data restored && suho start --data restored

Every file is checked against the backup's list first. The data folder must not be there yet. An engine on it continues from the
moment of the backup: publishers send what came after again (what it has is a duplicate).`,
    )
    .action(async (backup: string, { data, json }: { data: string; json?: boolean }) => {
      const { files, bytes } = await restoreBackup(path.resolve(backup), path.resolve(data));
      process.stdout.write(
        json === true
          ? `${JSON.stringify({ folder: data, files, bytes })}\n`
          : `${data} holds the backup: ${files} files, ${(bytes / 1e6).toFixed(1)} MB\n`,
      );
    });
}
