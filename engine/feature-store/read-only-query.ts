import { SuhoError } from '../errors.js';
import { HISTORY } from './prediction-history.js';
import { TABLE_NAMES } from './table.js';

/** Table functions that read nothing but their arguments; `view` is none: it sees past a tenant's part of a table. */
const HARMLESS = new Set([
  'numbers',
  'numbers_mt',
  'zeros',
  'zeros_mt',
  'primes',
  'generate_series',
  'generateseries',
  'generaterandom',
  'values',
  'null',
  'format',
]);
/** Ordinary functions that read files of this machine or call others. */
const OUTWARD = new Set([
  'file',
  'catboostevaluate',
  'aiclassify',
  'aigenerate',
  'aiembed',
  'aiextract',
  'aitranslate',
]);
const TOKEN = /'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*|\S/gs;

/** What a ClickHouse has that a query could reach with. */
export interface Reach {
  readonly tableFunctions: readonly string[];
  readonly databases: readonly string[];
}

function refuse(what: string): never {
  throw new SuhoError(
    'BAD_INPUT',
    `${what}; ask one query that reads the tables ml_features, aggregates and ml_predictions_history.`,
  );
}

/** The query with at most so many rows in its answer; what answers no table of rows (`SHOW`, `EXPLAIN`) is short anyway. */
export function limited(query: string, rowsMax: number | undefined): string {
  return rowsMax === undefined || !/^(SELECT|WITH)\b/.test(query)
    ? query
    : `SELECT * FROM (${query}) LIMIT ${rowsMax}`;
}

/**
 * Refuses what `readonly = 1` lets through: writing the answer to a file, reading files or other servers by a
 * function, and what is no query. `query` is as `formatQuery` writes it: one statement, without comments.
 */
export function checkQuery(query: string, { tableFunctions }: Reach): void {
  const tokens = query.match(TOKEN) ?? [];
  const [first = ''] = tokens.filter((token) => token !== '(');
  if (!['SELECT', 'WITH', 'EXPLAIN', 'SHOW', 'DESCRIBE', 'EXISTS'].includes(first))
    refuse(`${/^\w+$/.test(first) ? first : 'This'} is not a query`);
  const refused = new Set([...tableFunctions.map((name) => name.toLowerCase()), ...OUTWARD]);
  tokens.forEach((token, i) => {
    const next = tokens[i + 1];
    if (
      (token === 'INTO' && next === 'OUTFILE') ||
      token === 'SETTINGS' ||
      (token === 'FORMAT' && next !== '(')
    )
      refuse(`${token === 'INTO' ? 'INTO OUTFILE' : token} is not allowed here`);
    if (next !== '(') return;
    const name = token.replaceAll(/^[`"]|[`"]$/g, '').toLowerCase();
    if (refused.has(name) && (!HARMLESS.has(name) || OUTWARD.has(name)))
      refuse(`The function ${name} is not allowed here`);
  });
}

/** What a tenant reads of a table: of predictions, not those of single users. */
function partOf(table: string): string {
  const isOfAll = table === HISTORY.table ? ' AND user_id IS NULL' : '';
  return `${table} AS (SELECT * FROM {database:Identifier}.${table} WHERE tenant_id = {tenant:String}${isOfAll})`;
}

/** A query over one tenant's rows: the tables' names mean that tenant's part of them. Throws for any other table. */
export function ofTenant(query: string, tenantId: string, { databases }: Reach): string {
  const tokens = query.match(TOKEN) ?? [];
  const [first = ''] = tokens.filter((token) => token !== '(');
  if (first !== 'SELECT' && first !== 'WITH') refuse(`${first} is not allowed with a tenant`);
  const names = new Set(databases.map((name) => name.toLowerCase()));
  tokens.forEach((token, i) => {
    const name = token.replaceAll(/^[`"]|[`"]$/g, '').toLowerCase();
    if (tokens[i + 1] === '.' && names.has(name))
      refuse(`The database ${name} cannot be named with a tenant`);
    // A table named in a text is looked up past the tenant's part of it.
    if (tokens[i + 1] === '(' && name.startsWith('joinget'))
      refuse(`The function ${name} is not allowed here`);
  });
  if (!/^[\w-]+$/.test(tenantId)) refuse('This is not a tenant');
  return `WITH ${TABLE_NAMES.map(partOf).join(', ')} SELECT * FROM (${query})`;
}
