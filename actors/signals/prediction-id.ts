import { parse, v5 } from 'uuid';

/** As bytes, so that it is not parsed for every signal. */
const NAMESPACE = parse('b6b0c1f0-5d0e-5b9a-9a55-7a1d3c0f5e11');
const UTF8 = new TextEncoder();

/**
 * The id of a prediction: a name-based UUID (RFC 9562, version 5) over what it is a prediction of. Computed
 * twice it is the same, so a repeated write changes nothing.
 */
export function predictionId(
  tenantId: string,
  symbol: string,
  timeframe: string,
  barCloseTime: number,
  modelVersion: string,
): string {
  const name = JSON.stringify([tenantId, symbol, timeframe, barCloseTime, modelVersion]);
  return v5(UTF8.encode(name), NAMESPACE);
}
