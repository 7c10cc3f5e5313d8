import { parse, v5 } from 'uuid';

/** As bytes, so that it is not parsed for every signal. */
const NAMESPACE = parse('b6b0c1f0-5d0e-5b9a-9a55-7a1d3c0f5e11');
const UTF8 = new TextEncoder();

/** Whose signals are: a tenant's, or those of one of its users alone. */
export interface SignalOwner {
  readonly tenantId: string;
  readonly userId?: string | undefined;
}

/**
 * The id of a prediction: a name-based UUID (RFC 9562, version 5) over what it is a prediction of, and of a user's own over
 * the user too. Computed twice it is the same, so a repeated write changes nothing.
 */
export function predictionId(
  tenantId: string,
  symbol: string,
  timeframe: string,
  barCloseTime: number,
  modelVersion: string,
  userId?: string,
): string {
  const of = [tenantId, symbol, timeframe, barCloseTime, modelVersion];
  const name = JSON.stringify(userId === undefined ? of : [...of, userId]);
  return v5(UTF8.encode(name), NAMESPACE);
}
