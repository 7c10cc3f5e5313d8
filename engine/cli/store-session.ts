import { existsSync } from 'node:fs';
import path from 'node:path';
import { SuhoError } from '../errors.js';
import { loadConfig } from '../config.js';
import type { FeatureStore } from '../feature-store/feature-store.js';
import { openFeatureStore } from '../feature-store/open.js';
import { DataFolder } from '../journal/data-folder.js';
import { onStopSignal } from './stop-signals.js';

/**
 * Opens the feature store for one job and closes it after: the ClickHouse that is configured, or that of a data
 * folder no engine runs on. `mustExist` refuses to make a folder. Ctrl-C leaves what is stored and says so.
 */
export async function withFeatureStore<T>(
  given: { readonly config?: string; readonly data?: string },
  mustExist: boolean,
  job: (store: FeatureStore, folder: DataFolder) => Promise<T>,
): Promise<T> {
  const { data, clickhouse } = loadConfig(
    given.config,
    process.env,
    given.data === undefined ? {} : { data: given.data },
  );
  if (mustExist && clickhouse.url === undefined && !existsSync(path.join(data, 'suho.json')))
    throw new SuhoError('NOT_FOUND', `There is no data folder at ${path.resolve(data)}.`);
  const folder = DataFolder.open(data);
  const stopListening = onStopSignal(() => {
    process.stderr.write('\nstopped: what is stored stays; run the same command again to continue\n');
    folder.release();
    process.exit(130);
  });
  try {
    const store = openFeatureStore(clickhouse, folder.path);
    try {
      await store.prepare();
      return await job(store, folder);
    } finally {
      await store.close();
    }
  } finally {
    stopListening();
    folder.release();
  }
}
