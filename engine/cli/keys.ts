import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { ROLES, type Role } from '../credentials/caller.js';
import { ApiKeyAdmin } from '../credentials/api-key-admin.js';
import { SuhoError } from '../errors.js';
import { jsonOption, readName, readTenant } from './options.js';
import { postgresOptions, withPostgres, type PostgresOptions } from './postgres-session.js';
import { formatTable } from './table.js';

interface CreateOptions extends PostgresOptions {
  readonly tenant: string;
  readonly user?: string;
  readonly role: Role;
  readonly note: string;
  readonly json?: boolean;
}

interface ListOptions extends PostgresOptions {
  readonly json?: boolean;
}

function readNote(text: string): string {
  if (text.length > 200) throw new InvalidArgumentError('A note has at most 200 characters.');
  return text;
}

async function withKeys<T>(options: PostgresOptions, job: (admin: ApiKeyAdmin) => Promise<T>): Promise<T> {
  return await withPostgres(options, async (connection) => {
    const admin = new ApiKeyAdmin(connection);
    try {
      return await job(admin);
    } finally {
      await admin.close();
    }
  });
}

function createCommand(): Command {
  return new Command('create')
    .description('create an API key; it is shown once and stored only as a hash')
    .addOption(
      new Option('--tenant <id>', 'tenant the key is for').argParser(readTenant).makeOptionMandatory(),
    )
    .addOption(new Option('--user <id>', 'user the key is for').argParser(readName))
    .addOption(
      new Option('--role <role>', 'role; each includes the rights of those before it')
        .choices([...ROLES])
        .default('trader'),
    )
    .addOption(new Option('--note <text>', 'free text').argParser(readNote).default(''))
    .addOption(jsonOption())
    .action(async (options: CreateOptions) => {
      const { tenant: tenantId, user: userId, role, note } = options;
      const made = await withKeys(
        options,
        async (admin) => await admin.create({ tenantId, userId, role, note }),
      );
      if (options.json === true) process.stdout.write(`${JSON.stringify(made)}\n`);
      else {
        process.stderr.write(
          `key ${made.keyId} of tenant ${tenantId}, role ${role}; it is not shown again:\n`,
        );
        process.stdout.write(`${made.key}\n`);
      }
    });
}

function listCommand(): Command {
  return new Command('list')
    .description('list the API keys')
    .addOption(jsonOption())
    .action(async (options: ListOptions) => {
      const keys = await withKeys(options, async (admin) => await admin.list());
      if (options.json === true) {
        process.stdout.write(`${JSON.stringify(keys)}\n`);
        return;
      }
      const rows = keys.map((key) => [
        key.keyId,
        key.tenantId,
        key.userId ?? '',
        key.role,
        key.createdAt.toISOString(),
        key.revokedAt === undefined ? 'active' : `revoked ${key.revokedAt.toISOString()}`,
        key.note,
      ]);
      process.stdout.write(
        rows.length === 0
          ? 'no keys\n'
          : `${formatTable(['key', 'tenant', 'user', 'role', 'created', 'state', 'note'], rows)}\n`,
      );
    });
}

function revokeCommand(): Command {
  return new Command('revoke')
    .description('revoke an API key; running engines reject it immediately and end its streams')
    .addArgument(new Argument('<key>', 'id of the key, as `suho keys list` shows it'))
    .action(async (keyId: string, options: PostgresOptions) => {
      const revoked = await withKeys(options, async (admin) => await admin.revoke(keyId));
      if (!revoked) throw new SuhoError('NOT_FOUND', `There is no active key ${keyId}.`);
      process.stdout.write(`key ${keyId} is revoked\n`);
    });
}

export function keysCommand(): Command {
  const command = new Command('keys').description('create, list and revoke API keys').addHelpText(
    'after',
    `
Examples:
  suho keys create --tenant acme --role trader
  suho keys revoke 3f2a9c01d4e5

Once a key exists, every caller needs one.`,
  );
  for (const sub of [createCommand(), listCommand(), revokeCommand()]) {
    for (const option of postgresOptions()) sub.addOption(option);
    command.addCommand(sub);
  }
  return command;
}
