import path from 'node:path';
import { Journal } from '../journal/journal.js';

/**
 * What makes a data folder of one format one of the next. `convert` may be ended at any moment, also with the process, and is
 * then called again on what it left.
 */
export interface UpgradeStep {
  readonly from: number;
  /** What it does, for the one who runs it. */
  readonly what: string;
  convert(folder: string): Promise<void>;
}

/** From each earlier format that is known to the next, in their order. */
export const STEPS: readonly UpgradeStep[] = [
  {
    from: 4,
    what: 'the journal gets a write-ahead log before its tables',
    async convert(folder) {
      const journal = Journal.open(path.join(folder, 'journal'), Infinity);
      await journal.close();
    },
  },
];
