import type { Clock } from '../clock.js';
import type { Committer } from './committer.js';
import type { KeyRange, LogStore, Table } from './log-store.js';
import type { PatternRecord } from './records.js';
import { TopicLog, type TopicLag } from './topic-log.js';

type MomentKey = [partition: string, closeTime: number];

/** A moment as it lies in the journal, its vector as bytes. */
interface StoredMoment extends Omit<PatternRecord, 'vector'> {
  readonly vector: Uint8Array;
}

/** What is known of a moment's outcome since it was put. */
type MomentOutcome = Pick<PatternRecord, 'directions' | 'returns' | 'resolvedAt' | 'trades'>;

/** A moment of a partition that changed. */
export interface LoggedPattern {
  readonly partition: string;
  readonly closeTime: number;
  readonly pattern: PatternRecord;
}

/** Bytes a moment takes beside its vector. */
const MOMENT_BYTES = 400;
const OUTCOME_BYTES = 150;

/** Moments of the pattern index by partition and bar, and, for an index elsewhere, the order in which they changed. */
export class MomentTopic {
  readonly #committer: Committer;
  readonly #moments: Table<StoredMoment, MomentKey>;
  readonly #outcomes: Table<MomentOutcome, MomentKey>;
  readonly #log: TopicLog<MomentKey>;
  /** Whether some sink reads the log; without one nobody would ever purge it. */
  readonly #isRead: () => boolean;

  constructor(store: LogStore, committer: Committer, clock: Clock, isRead: () => boolean) {
    this.#committer = committer;
    this.#moments = store.table('moments');
    this.#outcomes = store.table('momentOutcomes');
    this.#log = new TopicLog(store, committer, clock, 'patterns');
    this.#isRead = isRead;
  }

  /** Puts a moment in its place. */
  put(partition: string, closeTime: number, pattern: PatternRecord): void {
    const { buffer, byteOffset, byteLength } = pattern.vector;
    // Copied: the moment may be completed, and so changed, before the transaction runs.
    const stored: StoredMoment = {
      ...pattern,
      vector: new Uint8Array(buffer, byteOffset, byteLength).slice(),
      directions: [...pattern.directions],
      returns: [...pattern.returns],
    };
    const log = this.#isRead() ? this.#log.append([partition, closeTime]) : undefined;
    this.#committer.push(MOMENT_BYTES + byteLength, () => {
      this.#moments.put([partition, closeTime], stored);
      if (this.#outcomes.has([partition, closeTime])) this.#outcomes.remove([partition, closeTime]);
      log?.();
    });
  }

  /** Writes what is known by now of the outcome of a moment that was put. */
  update(partition: string, closeTime: number, outcome: MomentOutcome): void {
    const { directions, returns, resolvedAt, trades } = outcome;
    const stored = { directions: [...directions], returns: [...returns], resolvedAt, trades };
    const log = this.#isRead() ? this.#log.append([partition, closeTime]) : undefined;
    this.#committer.push(OUTCOME_BYTES, () => {
      if (this.#moments.has([partition, closeTime])) this.#outcomes.put([partition, closeTime], stored);
      log?.();
    });
  }

  /** Forgets moments of a partition. */
  remove(partition: string, closeTimes: readonly number[]): void {
    this.#committer.push(0, () => {
      for (const closeTime of closeTimes) this.#drop([partition, closeTime]);
    });
  }

  get(partition: string, closeTime: number): PatternRecord | undefined {
    const stored = this.#moments.get([partition, closeTime]);
    return stored === undefined ? undefined : this.#restore([partition, closeTime], stored);
  }

  /** All moments of a partition, oldest first. */
  *of(partition: string): Generator<readonly [closeTime: number, pattern: PatternRecord]> {
    const range: KeyRange = { start: [partition, 0], end: [partition, Infinity] };
    for (const { key, value } of this.#moments.entries(range)) yield [key[1], this.#restore(key, value)];
  }

  /** Close time of the newest moment of a partition, −Infinity when it has none. */
  newestOf(partition: string): number {
    const [newest] = this.#moments.keys({ start: [partition, Infinity], reverse: true, limit: 1 });
    return newest?.[0] === partition ? newest[1] : -Infinity;
  }

  /** Names of the partitions there are. */
  partitions(): string[] {
    const names: string[] = [];
    for (let after = ''; ;) {
      const [key] = this.#moments.keys({ start: [after, Infinity], limit: 1 });
      if (key === undefined) return names;
      names.push(key[0]);
      after = key[0];
    }
  }

  /** Moments of a partition whose outcome is known, and those that wait for theirs. */
  count(partition: string): { readonly known: number; readonly open: number } {
    let known = 0;
    let open = 0;
    for (const [, { resolvedAt }] of this.of(partition)) {
      if (resolvedAt > 0) known++;
      else open++;
    }
    return { known, open };
  }

  /** Moments that changed after an offset: each once, as it is now. */
  async after(
    offset: number,
    limit: number,
  ): Promise<{ entries: { place: number; record: LoggedPattern }[]; offset: number; count: number }> {
    const page = await this.#log.newestAfter(offset, limit, (value) => value.join('\n'));
    const entries: { place: number; record: LoggedPattern }[] = [];
    for (const { place, value } of page.entries) {
      const pattern = this.get(...value);
      if (pattern !== undefined)
        entries.push({ place, record: { partition: value[0], closeTime: value[1], pattern } });
    }
    return { entries, offset: page.offset, count: page.count };
  }

  lag(offset: number): TopicLag {
    return this.#log.lag(offset);
  }

  /** Drops up to `limit` entries of the log through a place. Inside a transaction. */
  purge(through: number, limit: number): number {
    return this.#log.purge(through, limit, () => undefined);
  }

  /** Drops up to `limit` moments of partitions that nobody uses. Inside a transaction. */
  purgeUnused(isUsed: (partition: string) => boolean, limit: number): number {
    let purged = 0;
    for (const partition of this.partitions()) {
      if (isUsed(partition)) continue;
      const range: KeyRange = { start: [partition, 0], end: [partition, Infinity], limit: limit - purged };
      for (const key of Array.from(this.#moments.keys(range))) {
        this.#drop(key);
        purged++;
      }
      if (purged >= limit) break;
    }
    return purged;
  }

  #drop(key: MomentKey): void {
    this.#moments.remove(key);
    this.#outcomes.remove(key);
  }

  #restore(key: MomentKey, stored: StoredMoment): PatternRecord {
    return {
      ...stored,
      vector: new Float32Array(new Uint8Array(stored.vector).buffer),
      ...this.#outcomes.get(key),
    };
  }
}
