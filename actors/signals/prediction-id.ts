import { hash } from 'node:crypto';
import { parse } from 'uuid';

/** The namespace, and behind it room for a name. */
const BYTES = Buffer.alloc(2_048);
BYTES.set(parse('b6b0c1f0-5d0e-5b9a-9a55-7a1d3c0f5e11'));
const NAMESPACE_BYTES = 16;
/** UTF-8 takes three bytes at most for a unit of a string. */
const NAME_MAX = Math.floor((BYTES.length - NAMESPACE_BYTES) / 3);

/** Whose signals are: a tenant's, or those of one of its users alone. */
export interface SignalOwner {
  readonly tenantId: string;
  readonly userId?: string | undefined;
}

/**
 * The id of a prediction: a name-based UUID (RFC 9562, version 5) over what it is a prediction of, and of a user's own over
 * the user too. Computed twice it is the same, so a repeated write changes nothing. Made here, for a bar takes six of them:
 * one hash without an object around it costs a third of what `uuid` takes.
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
  const hex = hash('sha1', named(userId === undefined ? of : [...of, userId]));
  const variant = '89ab'.charAt(Number.parseInt(hex.charAt(16), 16) & 3);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function named(parts: readonly unknown[]): Buffer {
  const name = JSON.stringify(parts);
  if (name.length > NAME_MAX) return Buffer.concat([BYTES.subarray(0, NAMESPACE_BYTES), Buffer.from(name)]);
  return BYTES.subarray(0, NAMESPACE_BYTES + BYTES.write(name, NAMESPACE_BYTES));
}
