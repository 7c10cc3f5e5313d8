import type { ClickHouseClient } from '@clickhouse/client';
import { queryFailure } from './clickhouse-failure.js';

/** Numbers in JSON as they are; NaN as null. */
const PLAIN_JSON = {
  output_format_json_quote_64bit_integers: 0,
  output_format_json_quote_denormals: 0,
} as const;

/** Rows of a query of the engine's own, each an array. Throws `STORE_UNAVAILABLE`. */
export async function ownQuery<T>(
  client: ClickHouseClient,
  query: string,
  parameters: Readonly<Record<string, unknown>>,
): Promise<T[]> {
  try {
    const result = await client.query({
      query,
      query_params: parameters,
      format: 'JSONCompactEachRow',
      clickhouse_settings: PLAIN_JSON,
    });
    return await result.json<T>();
  } catch (error) {
    throw queryFailure(error);
  }
}
