import { gridName, readGridName } from '../../actors/market/bar-grid.js';
import { parseTimeframe } from '../../actors/market/timeframe.js';
import { PLATFORM, tenantIdDefect } from '../credentials/tenant-id.js';
import type { Operations, ServedOperations } from '../ops/operations.js';
import { unary, type CallContext } from './calls.js';
import { invalid } from './failure.js';
import { readInteger, readSymbol } from './fields.js';
import type { CreateBackupRequest__Output as CreateBackupRequest } from './generated/suho/v1/CreateBackupRequest.js';
import type { CreateBackupResponse } from './generated/suho/v1/CreateBackupResponse.js';
import type { DrainRequest__Output as DrainRequest } from './generated/suho/v1/DrainRequest.js';
import type { DrainResponse } from './generated/suho/v1/DrainResponse.js';
import type { QueryStoreRequest__Output as QueryStoreRequest } from './generated/suho/v1/QueryStoreRequest.js';
import type { QueryStoreResponse } from './generated/suho/v1/QueryStoreResponse.js';
import type { ReadFeatureRowsRequest__Output as ReadFeatureRowsRequest } from './generated/suho/v1/ReadFeatureRowsRequest.js';
import type { ReloadConfigResponse } from './generated/suho/v1/ReloadConfigResponse.js';
import type { ReadFeatureRowsResponse } from './generated/suho/v1/ReadFeatureRowsResponse.js';

const SQL_MAX = 100_000;
const ROWS = 1_000;
const ROWS_MAX = 10_000;
/** Bytes of an answer: it must fit into what a gRPC client takes unless told otherwise, 4 MiB. */
const ANSWER_BYTES_MAX = 3_500_000;
const FEATURE_ROWS_MAX = 2_000;
/** How long a drain waits for the stores unless it is told otherwise, and at most. */
const DRAIN_SECONDS = 60;
const DRAIN_SECONDS_MAX = 3_600;

/** Handlers of OperatorService. */
export function operatorService(calls: CallContext, operations: ServedOperations): Record<string, unknown> {
  return {
    QueryStore: unary(
      calls,
      'operator',
      async (request: QueryStoreRequest) => await queryStore(request, operations),
    ),
    ReadFeatureRows: unary(
      calls,
      'operator',
      async (request: ReadFeatureRowsRequest) => await readFeatureRows(request, operations),
    ),
    CreateBackup: unary(
      calls,
      'operator',
      async ({ name }: CreateBackupRequest): Promise<CreateBackupResponse> => await operations.backup(name),
    ),
    Drain: unary(calls, 'operator', async (request: DrainRequest) => await drain(request, operations)),
    ReloadConfig: unary(calls, 'operator', (): ReloadConfigResponse => {
      const { tenants, needRestart, certificate } = operations.reload();
      return {
        tenants: [...tenants],
        need_restart: [...needRestart],
        certificate_changed: certificate?.changed ?? false,
        ...(certificate === undefined ? {} : { certificate_expires_at: certificate.expiresAt }),
      };
    }),
  };
}

async function drain(
  { resume, wait_seconds: seconds }: DrainRequest,
  operations: ServedOperations,
): Promise<DrainResponse> {
  if (seconds > DRAIN_SECONDS_MAX) throw invalid('wait_seconds', `at most ${DRAIN_SECONDS_MAX}.`);
  const behind = await operations.drain(!resume, (seconds === 0 ? DRAIN_SECONDS : seconds) * 1000);
  return {
    behind: behind.map(({ name, healthy, lagRows, lagSeconds, error, deadLetters }) => ({
      name,
      healthy,
      lag_rows: lagRows,
      lag_seconds: lagSeconds,
      error: error ?? '',
      dead_letters: deadLetters,
    })),
  };
}

async function queryStore(
  { store, sql, tenant_id: tenant, rows_max: asked }: QueryStoreRequest,
  operations: Operations,
): Promise<QueryStoreResponse> {
  if (sql.length > SQL_MAX) throw invalid('sql', `at most ${SQL_MAX} characters.`);
  if (asked > ROWS_MAX) throw invalid('rows_max', `at most ${ROWS_MAX}; it is ${asked}.`);
  const most = asked === 0 ? ROWS : asked;
  const tenantId = tenant === '' ? undefined : readOwner('tenant_id', tenant);
  const query =
    store === 'QUERIED_STORE_FEATURES'
      ? operations.queryFeatures
      : store === 'QUERIED_STORE_PREDICTIONS'
        ? operations.queryPredictions
        : undefined;
  if (query === undefined)
    throw invalid('store', 'it must be QUERIED_STORE_FEATURES or QUERIED_STORE_PREDICTIONS.');
  // One more than is answered, to see whether there are more.
  const found = await query(sql, tenantId, most + 1);
  const rows: string[] = [];
  let bytes = 0;
  for (const row of found.slice(0, most)) {
    const text = JSON.stringify(row);
    bytes += Buffer.byteLength(text);
    if (bytes > ANSWER_BYTES_MAX) break;
    rows.push(text);
  }
  return { rows, truncated: found.length > rows.length };
}

async function readFeatureRows(
  request: ReadFeatureRowsRequest,
  operations: Operations,
): Promise<ReadFeatureRowsResponse> {
  const { rows_max: limit, user_id: userId, feed, grid: asked } = request;
  if (limit < 1 || limit > FEATURE_ROWS_MAX) throw invalid('rows_max', `1 to ${FEATURE_ROWS_MAX}.`);
  const grid = readGridName(asked);
  if (parseTimeframe(grid.timeframe) === undefined || gridName(grid) !== asked)
    throw invalid('grid', 'it must be a timeframe, or one with its calendar: 1d@fx.');
  const series = {
    tenantId: readOwner('tenant_id', request.tenant_id),
    ...(userId === '' ? {} : { userId }),
    feed,
    symbol: readSymbol('symbol', request.symbol),
    ...grid,
  };
  const from = readInteger('from_time', request.from_time);
  const to = readInteger('to_time', request.to_time);
  return { rows: Buffer.from(await operations.featureRows(series, from, to, limit)) };
}

function readOwner(field: string, tenantId: string): string {
  const defect = tenantId === PLATFORM ? undefined : tenantIdDefect(tenantId);
  if (defect !== undefined) throw invalid(field, `${defect}.`);
  return tenantId;
}
