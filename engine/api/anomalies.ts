import type { Caller } from '../credentials/caller.js';
import { parseTimeframe } from '../../actors/market/timeframe.js';
import type { AnomalyGate, AnomalyGateFigures, SignalGroup } from '../explanation/anomaly-gate.js';
import { invalid } from './failure.js';
import { toProtoTimeframe } from './fields.js';
import type { AnomalyFigures } from './generated/suho/v1/AnomalyFigures.js';
import type { AnomalyGroup } from './generated/suho/v1/AnomalyGroup.js';
import type { ListAnomaliesRequest__Output as ListAnomaliesRequest } from './generated/suho/v1/ListAnomaliesRequest.js';
import type { ListAnomaliesResponse } from './generated/suho/v1/ListAnomaliesResponse.js';
import { pageOf, readSignalPage, type StoredSignalParts } from './stored-signals.js';

/** A page of a caller's signals of anomalous moments, newest first; with the first one what the gate is worth. */
export async function listAnomalies(
  request: ListAnomaliesRequest,
  caller: Caller,
  { anomalies: gate, own }: Pick<StoredSignalParts, 'own'> & { readonly anomalies: AnomalyGate },
): Promise<ListAnomaliesResponse> {
  const { tenantId } = caller;
  const { span: asked, page } = readSignalPage(request);
  const span = { ...asked, user: own(caller) };
  const { maxAnomaly, onAnomaly } = gate.of(tenantId);
  if (!(request.above >= 0 && Number.isFinite(request.above)))
    throw invalid('above', 'it must be a score, 0 or more.');
  const above = request.above === 0 ? maxAnomaly : request.above;
  const { signals, next } = pageOf(await gate.list(tenantId, { ...span, ...page }, above), page);
  return {
    anomalies: signals,
    figures: page.after === undefined ? (await gate.figures(tenantId, span, above)).map(figuresToProto) : [],
    above,
    gate_limit: maxAnomaly,
    gate_action: onAnomaly,
    next_page_token: next,
  };
}

/** What an anomaly gate is worth, in the words of the API. */
export function figuresToProto(figures: AnomalyGateFigures): AnomalyFigures {
  const { symbol, limit, anomalous, usual, shortfall, shortfallLow, shortfallHigh } = figures;
  const timeframe = parseTimeframe(figures.timeframe);
  return {
    symbol,
    timeframe: timeframe === undefined ? 'TIMEFRAME_UNSPECIFIED' : toProtoTimeframe(timeframe),
    above: limit,
    anomalous: groupToProto(anomalous),
    usual: groupToProto(usual),
    ...(Number.isNaN(shortfall)
      ? {}
      : { shortfall, shortfall_low: shortfallLow, shortfall_high: shortfallHigh }),
  };
}

function groupToProto({ right, rightLow, rightHigh, meanReturn, ...counts }: SignalGroup): AnomalyGroup {
  return {
    ...counts,
    ...(Number.isNaN(right) ? {} : { right, right_low: rightLow, right_high: rightHigh }),
    ...(Number.isNaN(meanReturn) ? {} : { mean_return: meanReturn }),
  };
}
