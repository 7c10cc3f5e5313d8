import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { HORIZONS } from '../../actors/features/labels.js';
import type { Neighbour } from '../../actors/signals/pattern-vote.js';
import { vote } from '../../actors/signals/pattern-vote.js';
import { TIMEFRAMES } from '../../actors/market/timeframe.js';
import { NAME_RULE, PLATFORM, isTenantId } from '../credentials/tenant-id.js';
import { loadConfig } from '../config.js';
import { SuhoError } from '../errors.js';
import { EMBEDDING } from '../inference/slab.js';
import { DataFolder } from '../journal/data-folder.js';
import { Journal } from '../journal/journal.js';
import type { LoggedPattern } from '../journal/moments.js';
import { partitionName, readPartitionName, type PatternIndex } from '../patterns/pattern-index.js';
import { UsearchPatternIndex } from '../patterns/usearch-pattern-index.js';
import { WeaviatePatternIndex } from '../patterns/weaviate-pattern-index.js';
import {
  countOption,
  dateOption,
  jsonOption,
  readSymbol,
  readTenant,
  symbolOption,
  timeframeOption,
} from './options.js';
import { formatTable, percent, utc } from './table.js';

interface Options {
  readonly config?: string;
  readonly data?: string;
  readonly json?: boolean;
}

interface SearchOptions extends Options {
  readonly tenant: string;
  readonly symbol: string;
  readonly timeframe: string;
  readonly at: number;
  readonly count: number;
  readonly related?: readonly string[];
}

const PAGE = 1_000;

function readSymbols(text: string): string[] {
  return text.split(',').map(readSymbol);
}

/** One line of an import: a moment whose outcome is known. */
const line = z.strictObject({
  tenant_id: z.string().refine(isTenantId, `it must not be ${PLATFORM}, and ${NAME_RULE}`),
  embedding_version: z.string().regex(/^[^|]{1,80}$/),
  symbol: z.string().regex(/^[^|]{2,24}$/),
  timeframe: z.enum(TIMEFRAMES),
  close_time: z.number().int().positive(),
  resolved_at: z.number().int().positive(),
  vector: z.array(z.number().finite()).length(EMBEDDING),
  directions: z.array(z.number().int().min(-1).max(1)).length(HORIZONS.length),
  returns: z.array(z.number().finite()).length(HORIZONS.length),
  conditions: z.record(z.string(), z.number().finite()).default({}),
});

/** The moments of a data folder no engine runs on, and the Weaviate that is configured. */
interface Places {
  readonly journal: Journal;
  readonly weaviate: WeaviatePatternIndex | undefined;
}

async function withPlaces<T>(options: Options, job: (places: Places) => Promise<T>): Promise<T> {
  const config = loadConfig(
    options.config,
    process.env,
    options.data === undefined ? {} : { data: options.data },
  );
  const folder = DataFolder.open(config.data);
  try {
    const journal = Journal.open(folder.at('journal'), config.journal.maxMegabytes * 1e6);
    const { url, apiKey } = config.weaviate;
    const weaviate =
      url === undefined ? undefined : new WeaviatePatternIndex({ url, apiKey, anomalyFrom: Infinity });
    try {
      return await job({ journal, weaviate });
    } finally {
      await journal.close();
    }
  } finally {
    folder.release();
  }
}

function needWeaviate({ weaviate }: Places): WeaviatePatternIndex {
  if (weaviate === undefined)
    throw new SuhoError('BAD_CONFIG', 'No Weaviate is configured: set weaviate.url or SUHO_WEAVIATE_URL.');
  return weaviate;
}

/** Adds moments to the journal; those there already stay as they are. */
async function addToJournal(journal: Journal, moments: readonly LoggedPattern[]): Promise<number> {
  let added = 0;
  for (const { partition, closeTime, pattern } of moments) {
    if (journal.moments.get(partition, closeTime) !== undefined) continue;
    journal.moments.put(partition, closeTime, pattern);
    added++;
  }
  await journal.durable();
  return added;
}

async function* readMoments(file: string): AsyncGenerator<LoggedPattern[]> {
  let page: LoggedPattern[] = [];
  let number = 0;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    number++;
    if (text.trim() === '') continue;
    let given: unknown;
    try {
      given = JSON.parse(text);
    } catch {
      throw new SuhoError('BAD_FILE', `Line ${number} of ${file} is not JSON.`);
    }
    const parsed = line.safeParse(given);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new SuhoError(
        'BAD_FILE',
        `Line ${number} of ${file}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}.`,
      );
    }
    const { tenant_id: tenantId, embedding_version: embeddingVersion, ...rest } = parsed.data;
    const { symbol, timeframe, directions, returns, conditions } = rest;
    page.push({
      partition: partitionName({ tenantId, embeddingVersion, symbol, timeframe }),
      closeTime: rest.close_time,
      pattern: {
        vector: Float32Array.from(rest.vector),
        directions,
        returns,
        conditions,
        resolvedAt: rest.resolved_at,
      },
    });
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  yield page;
}

function knownMoments(journal: Journal): LoggedPattern[] {
  return journal.moments
    .partitions()
    .flatMap((partition) =>
      [...journal.moments.of(partition)]
        .filter(([, pattern]) => pattern.resolvedAt > 0)
        .map(([closeTime, pattern]) => ({ partition, closeTime, pattern })),
    );
}

const importCommand = (): Command =>
  new Command('import')
    .description('add moments from a file to the data folder, and to Weaviate if configured')
    .argument(
      '<file>',
      'JSON lines: tenant_id, embedding_version, symbol, timeframe, close_time, resolved_at, vector (64), directions (3), returns (3), conditions',
    )
    .action(async (file: string, options: Options) => {
      const counts = await withPlaces(options, async ({ journal, weaviate }) => {
        let read = 0;
        let added = 0;
        for await (const page of readMoments(file)) {
          read += page.length;
          added += await addToJournal(journal, page);
          await weaviate?.addLogged(page);
        }
        return { read, added };
      });
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify(counts)}\n`
          : `${counts.read} moments read, ${counts.added} of them new\n`,
      );
    });

const copyCommand = (): Command =>
  new Command('copy')
    .description('copy the resolved moments of one index to the other')
    .addOption(
      new Option('--to <index>', 'target index').choices(['weaviate', 'folder']).makeOptionMandatory(),
    )
    .action(async (options: Options & { readonly to: 'weaviate' | 'folder' }) => {
      const copied = await withPlaces(options, async (places) => {
        const weaviate = needWeaviate(places);
        if (options.to === 'weaviate') {
          const known = knownMoments(places.journal);
          await weaviate.addLogged(known);
          return known.length;
        }
        let count = 0;
        for (const tenant of await weaviate.tenants()) {
          for await (const { key, pattern } of weaviate.patterns(tenant)) {
            const { closeTime, ...rest } = pattern;
            count += await addToJournal(places.journal, [
              { partition: partitionName(key), closeTime, pattern: { conditions: {}, ...rest } },
            ]);
          }
        }
        return count;
      });
      process.stdout.write(
        options.json === true ? `${JSON.stringify({ copied })}\n` : `${copied} moments copied\n`,
      );
    });

const searchCommand = (): Command =>
  new Command('search')
    .description('show the moments most like one, and what came of them')
    .addOption(
      new Option('--tenant <id>', 'tenant whose moments are searched')
        .argParser(readTenant)
        .default('default'),
    )
    .addOption(symbolOption())
    .addOption(timeframeOption('timeframe'))
    .addOption(dateOption('--at <moment>', 'close of the bar to look from').makeOptionMandatory())
    .addOption(countOption('--count <n>', 'how many to show', 10))
    .addOption(
      new Option('--related <symbols>', 'symbols whose moments are searched too, commas between').argParser(
        readSymbols,
      ),
    )
    .action(async (options: SearchOptions) => {
      const { tenant, symbol, timeframe, at, count, related = [] } = options;
      const found = await withPlaces(options, async ({ journal, weaviate }) => {
        const from = journal.moments
          .partitions()
          .map(readPartitionName)
          .filter((key) => key.tenantId === tenant && key.symbol === symbol && key.timeframe === timeframe)
          .flatMap((key) => {
            const pattern = journal.moments.get(partitionName(key), at);
            return pattern === undefined ? [] : [{ key, pattern }];
          })
          .at(-1);
        if (from === undefined)
          throw new SuhoError(
            'NOT_FOUND',
            `There is no moment of ${tenant}’s ${symbol} ${timeframe} at ${utc(at)}.`,
          );
        const index: PatternIndex = weaviate ?? new UsearchPatternIndex();
        for (const of of weaviate === undefined ? [symbol, ...related] : []) {
          const key = { ...from.key, symbol: of };
          await index.add(
            key,
            knownMoments(journal)
              .filter(({ partition }) => partition === partitionName(key))
              .map(({ closeTime, pattern }) => ({ closeTime, ...pattern })),
          );
        }
        return await index.search(from.key, { vector: from.pattern.vector, k: count, related, asOf: at });
      });
      process.stdout.write(options.json === true ? `${JSON.stringify(found.map(plain))}\n` : describe(found));
    });

const statsCommand = (): Command =>
  new Command('stats')
    .description('count the moments in the data folder, and in Weaviate if configured')
    .action(async (options: Options) => {
      const rows = await withPlaces(options, async ({ journal, weaviate }) => {
        const stats = [];
        for (const partition of journal.moments.partitions()) {
          const key = readPartitionName(partition);
          stats.push({ ...key, ...journal.moments.count(partition), weaviate: await weaviate?.size(key) });
        }
        return stats;
      });
      if (options.json === true) process.stdout.write(`${JSON.stringify(rows)}\n`);
      else if (rows.length === 0) process.stdout.write('no moments\n');
      else
        process.stdout.write(
          `${formatTable(
            ['tenant', 'symbol', 'tf', 'embedding', 'known', 'open', 'in Weaviate'],
            rows.map((row) => [
              row.tenantId,
              row.symbol,
              row.timeframe,
              row.embeddingVersion,
              String(row.known),
              String(row.open),
              row.weaviate === undefined ? '' : String(row.weaviate),
            ]),
          )}\n`,
        );
    });

export function patternsCommand(): Command {
  const command = new Command('patterns')
    .description('inspect the pattern index of a data folder or Weaviate')
    .addHelpText('after', '\nThe data folder must not be in use by an engine.');
  for (const make of [importCommand, copyCommand, searchCommand, statsCommand]) {
    command.addCommand(
      make()
        .option('--config <file>', 'configuration file (JSON)')
        .option('--data <folder>', 'data folder')
        .addOption(jsonOption()),
    );
  }
  return command;
}

function plain(found: Neighbour): object {
  return {
    symbol: found.symbol,
    close_time: found.closeTime,
    similarity: found.similarity,
    directions: Array.from(found.directions),
    returns: Array.from(found.returns),
  };
}

function describe(found: readonly Neighbour[]): string {
  if (found.length === 0) return 'no moment was known then\n';
  const table = formatTable(
    ['symbol', 'bar closed', 'similarity', ...HORIZONS.map((horizon) => `return ${horizon}`)],
    found.map(({ symbol, closeTime, similarity, returns }) => [
      symbol,
      utc(closeTime),
      similarity.toFixed(4),
      ...Array.from(returns, (x) => `${(x * 100).toFixed(3)} %`),
    ]),
  );
  const votes = vote('', found).votes.map(
    ({ direction, winRate, winRateLow, winRateHigh, matches }, i) =>
      `${HORIZONS[i]}: ${['down', 'flat', 'up'][direction + 1]} ${percent(winRate)} (${percent(winRateLow)} to ${percent(winRateHigh)}) of ${matches}`,
  );
  return `${table}\n${votes.join('\n')}\n`;
}
