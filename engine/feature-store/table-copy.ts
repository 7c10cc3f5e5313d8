import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createClient, type ClickHouseClient } from '@clickhouse/client';
import { createChdbConnection } from 'chdb/connection';

/** One table: how it is made, and its rows in ClickHouse's own format beside. */
const STATEMENTS = 'tables.json';

/** Does one job on the embedded ClickHouse of a folder, beside whatever else this process does with it. */
async function withEmbedded<T>(folder: string, job: (client: ClickHouseClient) => Promise<T>): Promise<T> {
  const client = createClient({
    connection: createChdbConnection({ path: folder }) as never,
    clickhouse_settings: { max_threads: 1 },
  } as Parameters<typeof createClient>[0]);
  try {
    return await job(client);
  } finally {
    await client.close();
  }
}

/** Writes every table of an embedded ClickHouse into a folder, each as it is at one moment. */
export async function exportTables(clickhouse: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  await withEmbedded(clickhouse, async (client) => {
    const answer = await client.query({
      query: `SELECT name, create_table_query AS statement FROM system.tables
              WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name`,
      format: 'JSONEachRow',
    });
    const tables = await answer.json<{ name: string; statement: string }>();
    for (const { name } of tables)
      await client.command({
        query: `INSERT INTO FUNCTION file(${literal(fileOf(to, name))}, 'Native', auto, 'zstd') SELECT * FROM ${name} SETTINGS final = 0`,
      });
    await writeFile(path.join(to, STATEMENTS), JSON.stringify(tables), { mode: 0o600 });
  });
}

/** Makes the tables of {@link exportTables} with their rows in a new embedded ClickHouse. */
export async function importTables(from: string, clickhouse: string): Promise<void> {
  await mkdir(path.dirname(clickhouse), { recursive: true });
  const tables = JSON.parse(await readFile(path.join(from, STATEMENTS), 'utf8')) as {
    name: string;
    statement: string;
  }[];
  const files = new Set(await readdir(from));
  await withEmbedded(clickhouse, async (client) => {
    for (const { name, statement } of tables) {
      await client.command({ query: statement });
      if (files.has(path.basename(fileOf(from, name))))
        await client.command({
          query: `INSERT INTO ${name} SELECT * FROM file(${literal(fileOf(from, name))}, 'Native', auto, 'zstd')`,
        });
    }
  });
}

function fileOf(folder: string, table: string): string {
  return path.join(folder, `${table}.native.zst`);
}

/** A ClickHouse string literal. */
function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
