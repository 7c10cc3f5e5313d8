import type { Config } from '../config.js';
import { ClickHouseFeatureStore } from './clickhouse-feature-store.js';
import { ClickHouseServer } from './clickhouse-server.js';
import { EmbeddedClickHouse } from './embedded-clickhouse.js';

/** The feature store of a configuration: the server it names, or the engine in this process on a folder. */
export function openFeatureStore(
  { url, ...settings }: Config['clickhouse'],
  folder: string,
): ClickHouseFeatureStore {
  return new ClickHouseFeatureStore(
    url === undefined ? new EmbeddedClickHouse(folder) : new ClickHouseServer({ url, ...settings }),
  );
}
