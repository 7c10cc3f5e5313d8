import { existsSync } from 'node:fs';
import path from 'node:path';
import { SuhoError } from '../errors.js';
import { EmbeddedFeatureStore } from '../feature-store/clickhouse-feature-store.js';
import { DataFolder } from '../journal/data-folder.js';

/**
 * Opens the feature store of a data folder for one job, no engine running, and closes it after. `mustExist`
 * refuses to make a folder. Ctrl-C leaves what is stored and says so.
 */
export async function withFeatureStore<T>(
  data: string,
  mustExist: boolean,
  job: (store: EmbeddedFeatureStore, folder: DataFolder) => Promise<T>,
): Promise<T> {
  if (mustExist && !existsSync(path.join(data, 'suho.json')))
    throw new SuhoError('NOT_FOUND', `There is no data folder at ${path.resolve(data)}.`);
  const folder = DataFolder.open(data);
  const interrupt = (): void => {
    process.stderr.write('\nstopped: what is stored stays; run the same command again to go on\n');
    folder.release();
    process.exit(130);
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    const store = new EmbeddedFeatureStore(folder.path);
    try {
      await store.prepare();
      return await job(store, folder);
    } finally {
      await store.close();
    }
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    folder.release();
  }
}
