import type { ArchivedPrediction, ExpiredPredictions } from './expired-predictions.js';

/** Where predictions stay when their 90 days are over. */
export interface PredictionArchive {
  /** Stores predictions; one that is there already is replaced. Throws `STORE_UNAVAILABLE`. */
  archive(predictions: readonly ArchivedPrediction[]): Promise<void>;
}

/** What {@link archiveExpired} did. */
export interface Archived {
  readonly predictions: number;
  /** Stretches that were stored and dropped, and those whose rows changed meanwhile: they come again. */
  readonly dropped: number;
  readonly changed: number;
}

/** Predictions that are read and stored at once. */
const PAGE_ROWS = 2_000;

/**
 * Stores predictions that are past their time in the archive, and drops each stretch once all of it is there. Whenever it ends
 * half-way, by an error or with the process, nothing was dropped that is not stored: the next call begins with the stretch that
 * is not dropped, and stores its rows over themselves. Throws what the stores throw.
 */
export async function archiveExpired(
  expired: ExpiredPredictions,
  archive: PredictionArchive,
): Promise<Archived> {
  let [predictions, dropped, changed] = [0, 0, 0];
  for (const stretch of await expired.stretches()) {
    for (const owner of stretch.owners) {
      let page: readonly ArchivedPrediction[] = [];
      do {
        page = await expired.rows(owner, stretch, page.at(-1), PAGE_ROWS);
        if (page.length > 0) await archive.archive(page);
        predictions += page.length;
      } while (page.length === PAGE_ROWS);
    }
    if (await expired.drop(stretch)) dropped++;
    else changed++;
  }
  return { predictions, dropped, changed };
}
