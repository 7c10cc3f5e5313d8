import { z } from 'zod';
import { HORIZONS } from '../../actors/features/labels.js';
import { parseTimeframe } from '../../actors/market/timeframe.js';
import type { SignalOwner } from '../../actors/signals/prediction-id.js';
import type { HorizonForecast } from '../../actors/signals/signal.js';
import type { Caller } from '../credentials/caller.js';
import type {
  PredictionHistory,
  PredictionQuery,
  PredictionUser,
  StoredPrediction,
} from '../prediction-store/prediction-store.js';
import { readEach, readMoment, readSymbol, readTimeframe, toProtoTimeframe } from './fields.js';
import type { QuerySignalsRequest__Output as QuerySignalsRequest } from './generated/suho/v1/QuerySignalsRequest.js';
import type { Forecast } from './generated/suho/v1/Forecast.js';
import type { SignalOutcome } from './generated/suho/v1/SignalOutcome.js';
import type { QuerySignalsResponse } from './generated/suho/v1/QuerySignalsResponse.js';
import type { StoredSignal } from './generated/suho/v1/StoredSignal.js';
import { pageToken, readPageSize, readPageToken } from './paging.js';
import { toProtoDirection } from './signal-encoding.js';
import type { Turns } from './turns.js';

const PAGE = 100;

/** The last signal of a page: when its bar closed, and its id. */
const SIGNAL_PLACE = z.tuple([z.number().int(), z.uuid()]);

export interface StoredSignalParts {
  readonly history: PredictionHistory;
  readonly turns: Turns;
  /** On what a caller has signals of its own. */
  readonly own: (caller: SignalOwner) => PredictionUser | undefined;
}

/** A page of a caller's stored signals, newest first. */
export async function querySignals(
  request: QuerySignalsRequest,
  caller: Caller,
  { history, turns, own }: StoredSignalParts,
): Promise<QuerySignalsResponse> {
  const { span, page } = readSignalPage(request);
  const query = { ...span, ...page, user: own(caller), onlyActionable: request.only_actionable };
  const found = await turns.run(async () => await history.page(caller.tenantId, query));
  const { signals, next } = pageOf(found, page);
  return { signals, next_page_token: next };
}

/** Which signals a request is about, and which page of them. */
export function readSignalPage(
  request: Pick<
    QuerySignalsRequest,
    'page_size' | 'page_token' | 'symbols' | 'timeframes' | 'from_time' | 'to_time'
  >,
): {
  readonly span: Pick<PredictionQuery, 'symbols' | 'timeframes' | 'from' | 'to'>;
  readonly page: Pick<PredictionQuery, 'after' | 'limit'>;
} {
  const size = readPageSize(request.page_size, PAGE);
  const after = readPageToken(request.page_token, SIGNAL_PLACE);
  return {
    span: {
      symbols: readEach('symbols', request.symbols, readSymbol),
      timeframes: readEach('timeframes', request.timeframes, readTimeframe),
      from: readMoment('from_time', request.from_time),
      to: readMoment('to_time', request.to_time),
    },
    page: {
      // One more than the page has, to see whether there is another.
      limit: size + 1,
      ...(after === undefined ? {} : { after: { barCloseTime: after[0], predictionId: after[1] } }),
    },
  };
}

/** What was found for a page, and the token of the next one; empty when there is none. */
export function pageOf(
  found: readonly StoredPrediction[],
  { limit }: Pick<PredictionQuery, 'limit'>,
): { readonly signals: StoredSignal[]; readonly next: string } {
  const own = found.slice(0, limit - 1);
  const last = own.at(-1);
  const more = found.length === limit && last !== undefined;
  return {
    signals: own.map(storedToProto),
    next: more ? pageToken([last.barCloseTime, last.predictionId]) : '',
  };
}

/** A stored signal in the words of the API. */
export function storedToProto(stored: Omit<StoredPrediction, 'served'>): StoredSignal {
  const timeframe = parseTimeframe(stored.timeframe);
  return {
    prediction_id: stored.predictionId,
    symbol: stored.symbol,
    timeframe: timeframe === undefined ? 'TIMEFRAME_UNSPECIFIED' : toProtoTimeframe(timeframe),
    bar_close_time: stored.barCloseTime,
    price: stored.price,
    direction: toProtoDirection(stored.direction),
    confidence: stored.confidence,
    primary_horizon: stored.primaryHorizon,
    forecasts: stored.forecasts.map(forecastToProto),
    model_id: stored.modelId,
    model_version: stored.modelVersion,
    arm: stored.arm,
    anomaly: stored.anomaly,
    quality_score: stored.qualityScore,
    quality_flags: stored.qualityFlags,
    abstained: [...stored.abstained],
    degraded: [...stored.degraded],
    outcomes: outcomesToProto(stored),
  };
}

export function forecastToProto(
  { down, flat, up, expectedReturn }: HorizonForecast,
  horizon: number,
): Forecast {
  return { horizon: HORIZONS[horizon]!, down, flat, up, expected_return: expectedReturn };
}

/** What came of a prediction over the horizons that are over. */
export function outcomesToProto({ outcomes }: Pick<StoredPrediction, 'outcomes'>): SignalOutcome[] {
  return outcomes.flatMap((outcome, i) =>
    outcome === undefined
      ? []
      : [{ horizon: HORIZONS[i]!, direction: outcome.direction, return: outcome.return }],
  );
}
