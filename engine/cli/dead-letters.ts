import type { Client } from '@grpc/grpc-js';
import { Argument, Command, Option } from 'commander';
import type { DiscardDeadLettersResponse__Output as DiscardDeadLettersResponse } from '../api/generated/suho/v1/DiscardDeadLettersResponse.js';
import type { DeadLetter__Output as DeadLetter } from '../api/generated/suho/v1/DeadLetter.js';
import type { ListDeadLettersResponse__Output as ListDeadLettersResponse } from '../api/generated/suho/v1/ListDeadLettersResponse.js';
import type { RetryDeadLettersResponse__Output as RetryDeadLettersResponse } from '../api/generated/suho/v1/RetryDeadLettersResponse.js';
import { SuhoError } from '../errors.js';
import { callUnary, connect } from './client.js';
import { addressOption, jsonOption, readCount } from './options.js';
import { formatTable, utc } from './table.js';

/** A page of letters is written one by one, to a store that may be slow. */
const RETRY_TIMEOUT_MS = 120_000;
/** Characters of a text that the table shows; JSON has it whole. */
const SHOWN_MAX = 100;

interface Options {
  readonly address: string;
  readonly json?: boolean;
}

/** Which letters to discard. */
interface Discarded {
  readonly key?: number;
  readonly all?: boolean;
}

export function deadLettersCommand(): Command {
  return new Command('dead-letters')
    .description('show what a running engine could not handle; retry or discard it')
    .addCommand(listCommand())
    .addCommand(retryCommand())
    .addCommand(discardCommand());
}

async function withClient<T>(address: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = connect(address, 'EngineService');
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

/** Gets page after page, until one says that it is the last. */
async function eachPage<Page extends { readonly next_after?: string }>(
  get: (after: string) => Promise<Page>,
): Promise<Page[]> {
  const pages: Page[] = [];
  for (let after: string | undefined = '0'; after !== undefined;) {
    const page: Page = await get(after);
    pages.push(page);
    after = page.next_after;
  }
  return pages;
}

function listCommand(): Command {
  return new Command('list')
    .description('show dead letters, oldest first; for operators')
    .addOption(new Option('--name <name>', 'only those of this sink (as suho status names it) or actor'))
    .addOption(addressOption())
    .addOption(jsonOption())
    .action(async ({ address, json, name = '' }: Options & { readonly name?: string }) => {
      const pages = await withClient(address, async (client) =>
        eachPage(async (after) =>
          callUnary<ListDeadLettersResponse>(client, 'ListDeadLetters', { name, after }, address),
        ),
      );
      const letters = pages.flatMap((page) => page.letters);
      process.stdout.write(
        json === true ? `${JSON.stringify(letters.map(inNumbers))}\n` : `${describe(letters)}\n`,
      );
    });
}

function retryCommand(): Command {
  return new Command('retry')
    .description(
      'write refused records again, once the cause is removed; those the store takes leave the list',
    )
    .addArgument(new Argument('<sink>', 'sink that they are of, as suho status names it'))
    .addOption(new Option('--key <key>', 'only this letter, as the list shows it').argParser(readCount))
    .addOption(addressOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExit status 0: all were written. 1: the store refused some again, or is away.\n\nExample:\n  suho dead-letters retry predictions',
    )
    .action(async (sink: string, { address, json, key }: Options & { readonly key?: number }) => {
      const request = key === undefined ? { sink } : { sink, key };
      const pages = await withClient(address, async (client) =>
        eachPage(async (after) =>
          callUnary<RetryDeadLettersResponse>(
            client,
            'RetryDeadLetters',
            { ...request, after },
            address,
            RETRY_TIMEOUT_MS,
          ),
        ),
      );
      const written = pages.reduce((sum, page) => sum + page.written, 0);
      const refused = pages.reduce((sum, page) => sum + page.refused, 0);
      process.stdout.write(
        json === true
          ? `${JSON.stringify({ written, refused })}\n`
          : `${written} records written, ${refused} refused again\n`,
      );
      if (refused > 0) process.exitCode = 1;
    });
}

function discardCommand(): Command {
  return new Command('discard')
    .description('drop dead letters for good; a record that a store refused is lost with its letter')
    .addArgument(new Argument('<name>', 'sink or actor that they are of, as the list shows it'))
    .addOption(new Option('--key <key>', 'only this letter, as the list shows it').argParser(readCount))
    .addOption(new Option('--all', 'all letters of that name').conflicts('key'))
    .addOption(addressOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  suho dead-letters discard predictions --key 17')
    .action(async (name: string, { address, json, key, all }: Options & Discarded) => {
      if (key === undefined && all !== true)
        throw new SuhoError('BAD_INPUT', 'Say which letters to discard: --key KEY, or --all of that name.');
      const request = key === undefined ? { name } : { name, key };
      const pages = await withClient(address, async (client) =>
        eachPage(async (after) =>
          callUnary<DiscardDeadLettersResponse>(client, 'DiscardDeadLetters', { ...request, after }, address),
        ),
      );
      const discarded = pages.reduce((sum, page) => sum + page.discarded, 0);
      process.stdout.write(
        json === true ? `${JSON.stringify({ discarded })}\n` : `${discarded} dead letters discarded\n`,
      );
    });
}

/** A letter with its key and time as numbers. */
function inNumbers(letter: DeadLetter): object {
  return { ...letter, key: Number(letter.key), time: Number(letter.time) };
}

function describe(letters: readonly DeadLetter[]): string {
  if (letters.length === 0) return 'no dead letters';
  return formatTable(
    ['key', 'time (UTC)', 'of', 'name', 'tenant', 'about', 'error'],
    letters.map(({ key, time, source, name, tenant_id: tenant, about, error }) => [
      key,
      utc(Number(time)),
      source.toLowerCase(),
      name,
      tenant,
      oneLine(about),
      oneLine(error),
    ]),
  );
}

/** A text from outside as a cell of the table: without line breaks and other control characters, and not too long. */
function oneLine(text: string): string {
  const plain = text.replaceAll(/\p{Cc}+/gu, ' ');
  return plain.length > SHOWN_MAX ? `${plain.slice(0, SHOWN_MAX)}…` : plain;
}
