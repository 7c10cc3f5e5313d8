import { z } from 'zod';
import { CATALOGUE, FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import { SuhoError, quoted } from '../errors.js';
import type { FeatureStore } from '../feature-store/feature-store.js';
import { RowDecoder } from '../feature-store/table.js';
import { seriesIdentity } from '../instruments/ids.js';
import { unary, type CallContext } from './calls.js';
import { invalid } from './failure.js';
import { readEach, readMoment, readSymbol, readTimeframe } from './fields.js';
import type { FeatureRow } from './generated/suho/v1/FeatureRow.js';
import type { GetFeaturesRequest__Output as GetFeaturesRequest } from './generated/suho/v1/GetFeaturesRequest.js';
import type { GetFeaturesResponse } from './generated/suho/v1/GetFeaturesResponse.js';
import { pageToken, readPageSize, readPageToken } from './paging.js';
import type { SeriesOfTenants } from './ports.js';
import type { Turns } from './turns.js';

const PAGE = 100;
/** Values of one answer: it is encoded at once, which must not hold the event loop for more than a few milliseconds. */
const VALUES_MAX = 50_000;

const COLUMN = new Map(CATALOGUE.map(({ name }, column) => [name, column]));
/** Open time of the last bar of a page. */
const place = z.number().int();

/** What the service of features serves from. */
export interface FeatureServiceParts {
  readonly series: SeriesOfTenants;
  readonly store: Pick<FeatureStore, 'rows'>;
  readonly turns: Turns;
}

/** Handlers of FeatureService. */
export function featureService(calls: CallContext, parts: FeatureServiceParts): Record<string, unknown> {
  return {
    GetFeatures: unary(
      calls,
      'viewer',
      async (request: GetFeaturesRequest, caller) => await getFeatures(request, caller.tenantId, parts),
    ),
  };
}

async function getFeatures(
  request: GetFeaturesRequest,
  tenantId: string,
  { series, store, turns }: FeatureServiceParts,
): Promise<GetFeaturesResponse> {
  const timeframe = readTimeframe('timeframe', request.timeframe);
  const names = request.names.length === 0 ? [...COLUMN.keys()] : readEach('names', request.names, readName);
  const columns = names.map((name) => COLUMN.get(name)!);
  const size = Math.min(readPageSize(request.page_size, PAGE), Math.floor(VALUES_MAX / columns.length));
  const after = readPageToken(request.page_token, place);
  const from = Math.max(readMoment('from_time', request.from_time) ?? 0, (after ?? -1) + 1);
  const to = readMoment('to_time', request.to_time) ?? Number.MAX_SAFE_INTEGER;
  const [instrument, id] = seriesAsked(request, timeframe, tenantId, series);
  const identity = seriesIdentity(id);
  const bytes = await turns.run(async () => await store.rows(identity, from, to, size + 1));
  const decoder = new RowDecoder(identity, bytes);
  const rows = Array.from({ length: Math.min(decoder.rows, size) }, (_, row): FeatureRow => ({
    bar_open_time: decoder.openTime(row),
    values: columns.map((column) => decoder.feature(row, column)),
  }));
  return {
    feature_set_version: FEATURE_SET_VERSION,
    instrument_id: instrument,
    names,
    rows,
    next_page_token: decoder.rows > size ? pageToken(decoder.openTime(size - 1)) : '',
  };
}

function readName(field: string, name: string): string {
  if (COLUMN.has(name)) return name;
  throw invalid(field, `there is no feature ${quoted(name)}; suho features list shows all.`);
}

/** The one series that a request means: ids of its instrument and of itself. */
function seriesAsked(
  { instrument_id: asked, symbol: given }: GetFeaturesRequest,
  timeframe: Timeframe,
  tenantId: string,
  series: SeriesOfTenants,
): readonly [string, string] {
  const symbol = given === '' ? undefined : readSymbol('symbol', given);
  if (asked === '' && symbol === undefined)
    throw invalid('symbol', 'name the symbol, or the instrument in instrument_id.');
  const found = series
    .visible(tenantId, timeframe)
    .filter((one) => (asked === '' || one.instrumentId === asked) && (symbol ?? one.symbol) === one.symbol);
  const [only, ...others] = found;
  if (only === undefined)
    throw new SuhoError(
      'NOT_FOUND',
      `There is no ${timeframe} series of ${quoted(asked === '' ? given : asked)}; ListInstruments gives those you publish.`,
    );
  if (others.length > 0)
    throw invalid(
      'instrument_id',
      `${symbol} has several instruments; name one of ${found.map(({ instrumentId }) => instrumentId).join(', ')}.`,
    );
  return [only.instrumentId, only.seriesId];
}
