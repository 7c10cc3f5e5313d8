// The HTTP interface of ClickHouse over chdb, the real engine in this process: enough of it for ClickHouse's own
// client to run statements, send and read RowBinary, and be refused with a wrong password. It stands in for a
// server's front door only; what is behind it is real. Started as a process: FRONT PORT FOLDER.
import { mkdirSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createClient, type ClickHouseError } from '@clickhouse/client';
import { createChdbConnection } from 'chdb/connection';

const USER = 'suho';
const PASSWORD = 'clickhouse-secret';

const [port = '0', folder = ''] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const client = createClient({
  connection: createChdbConnection({ path: path.join(folder, 'store') }) as never,
} as Parameters<typeof createClient>[0]);
let next = 0;

/** A parameter as it was before the client escaped it; the connection of chdb escapes it again. */
function unescaped(text: string): string {
  const named: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
  return text.replaceAll(/\\(.)/gs, (_, letter: string) => named[letter] ?? letter);
}

/** Runs a statement as the interface is given it: in the query parameter with data in the body, or all in the body. */
async function run(url: URL, body: Buffer): Promise<Uint8Array> {
  const inParameter = url.searchParams.get('query');
  const statement = (inParameter ?? body.toString()).trim();
  const settings: Record<string, string | number> = {};
  const parameters: Record<string, unknown> = {};
  for (const [name, value] of url.searchParams) {
    if (name.startsWith('param_')) parameters[name.slice(6)] = unescaped(value);
    else if (/^(final|max_threads|output_format_|insert_)/.test(name)) settings[name] = value;
  }
  const insert = /^(INSERT INTO (\w+) \(([^)]*)\)) FORMAT RowBinary$/s.exec(statement);
  const file = path.join(folder, `${next++}.bin`);
  try {
    if (insert !== null) {
      const [, , table = '', columns = ''] = insert;
      await writeFile(file, inParameter === null ? Buffer.alloc(0) : body);
      const described = await client.query({ query: `DESCRIBE TABLE ${table}`, format: 'JSONEachRow' });
      const types = new Map(
        (await described.json<{ name: string; type: string }>()).map(({ name, type }) => [name, type]),
      );
      const names = columns.split(',').map((name) => name.trim().replaceAll('`', ''));
      const structure = names.map((name) => `${name} ${types.get(name)}`).join(', ');
      await client.command({
        query: `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM file('${file}', 'RowBinary', '${structure.replaceAll("'", "\\'")}')`,
      });
      return new Uint8Array();
    }
    if (statement.endsWith('FORMAT RowBinary')) {
      const select = statement.slice(0, -'FORMAT RowBinary'.length);
      await client.command({
        query: `INSERT INTO FUNCTION file('${file}', 'RowBinary') ${select}`,
        query_params: parameters,
        clickhouse_settings: settings,
      });
      return await readFile(file);
    }
    const { stream } = await client.exec({
      query: statement,
      query_params: parameters,
      clickhouse_settings: settings,
    });
    return await buffer(stream as AsyncIterable<Buffer>);
  } finally {
    await rm(file, { force: true });
  }
}

function isKnown(request: IncomingMessage): boolean {
  const basic = Buffer.from(request.headers.authorization?.replace(/^Basic /, '') ?? '', 'base64').toString();
  return basic === `${USER}:${PASSWORD}`;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (url.pathname === '/ping') {
    response.end('Ok.\n');
    return;
  }
  const raw = await buffer(request);
  if (!isKnown(request)) {
    response.writeHead(403, { 'X-ClickHouse-Exception-Code': '516' });
    response.end(
      'Code: 516. DB::Exception: Authentication failed: password is incorrect. (AUTHENTICATION_FAILED)',
    );
    return;
  }
  try {
    const result = await run(url, request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw);
    const zipped = url.searchParams.get('enable_http_compression') === '1';
    response.writeHead(200, {
      'X-ClickHouse-Summary': '{"read_rows":"0"}',
      ...(zipped ? { 'Content-Encoding': 'gzip' } : {}),
    });
    response.end(zipped ? gzipSync(result, { level: 1 }) : result);
  } catch (error) {
    // As a server says it: the code is how a client tells what was wrong.
    const { code = '1', type = 'UNKNOWN', message } = error as Partial<ClickHouseError> & Error;
    response.writeHead(500, { 'X-ClickHouse-Exception-Code': code });
    response.end(`Code: ${code}. DB::Exception: ${message} (${type})`);
  }
}

createServer((request, response) => void answer(request, response)).listen(Number(port), '127.0.0.1');
