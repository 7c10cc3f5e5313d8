import { HORIZONS, type Label } from '../../actors/features/labels.js';
import type { FeatureRow } from '../../actors/messages.js';
import { turnOf, type Clock } from '../clock.js';
import type { Committer } from './committer.js';
import { BYTES, type Codec, type KeyRange, type LogStore, type Table } from './log-store.js';
import { packRow, unpackRow, withLabels, type StoredRow } from './records.js';
import { TopicLog, type TopicLag } from './topic-log.js';

type RowKey = [seriesId: string, closeTime: number];

/** A row that came or changed; `isLast` when nothing more will be known of it. */
type RowChange = readonly [seriesId: string, closeTime: number, isLast: boolean];

/** Rows unpacked before the event loop has a turn: a few milliseconds of work. */
const READ_AT_ONCE = 200;
/** Series are taken in turn by this much time when the oldest rows of all are looked for. */
const SPAN_MS = 3_600_000;
/** Bytes a log entry takes beside its row. */
const ENTRY_BYTES = 80;

/** Feature rows with the labels known so far, and the order in which they came or changed. */
export class RowTopic {
  readonly #committer: Committer;
  readonly #clock: Clock;
  readonly #meta: Table<unknown, string>;
  readonly #rows: Table<Uint8Array, RowKey>;
  /** Labels that became known after their row was written: a tenth of its bytes. */
  readonly #labels: Table<Float64Array, RowKey>;
  readonly #log: TopicLog<RowChange>;

  constructor(store: LogStore, committer: Committer, clock: Clock, meta: Table<unknown, string>) {
    this.#committer = committer;
    this.#clock = clock;
    this.#meta = meta;
    this.#rows = store.table('rows', BYTES);
    this.#labels = store.table('labels', DOUBLES);
    this.#log = new TopicLog(store, committer, clock, 'rows');
  }

  /** Takes a row and the labels it made known for earlier rows. */
  append(row: FeatureRow): void {
    const { seriesId, closeTime, labels } = row;
    const packed = packRow(row);
    const earlier = new Map<number, Label[]>();
    for (const label of labels)
      earlier.set(label.closeTime, [...(earlier.get(label.closeTime) ?? []), label]);
    const log = this.#log.append([seriesId, closeTime, false]);
    const logEarlier = [...earlier].map(
      ([time, known]) => [time, known, this.#log.append([seriesId, time, known.some(isLongest)])] as const,
    );
    this.#committer.mark(`row:${seriesId}`, closeTime);
    this.#committer.push(packed.length + ENTRY_BYTES * (1 + earlier.size), () => {
      this.#rows.put([seriesId, closeTime], packed);
      log();
      for (const [time, known, write] of logEarlier) {
        this.#learn([seriesId, time], known);
        write();
      }
    });
  }

  /** Takes a row that was computed anew, and the labels it makes known, in place of what is kept; nothing is kept that was not. */
  replace(row: FeatureRow): void {
    const { seriesId, closeTime } = row;
    const labels = row.labels.filter((label) => this.#rows.has([seriesId, label.closeTime]));
    if (labels.length === 0 && !this.#rows.has([seriesId, closeTime])) return;
    const packed = packRow(row);
    const log = this.#log.append([seriesId, closeTime, false]);
    const known = labels.map((label) => ({ ...label }));
    const logs = known.map((label) => this.#log.append([seriesId, label.closeTime, isLongest(label)]));
    this.#committer.push(packed.length + ENTRY_BYTES * (1 + known.length), () => {
      if (this.#rows.has([seriesId, closeTime])) {
        this.#rows.put([seriesId, closeTime], packed);
        this.#labels.remove([seriesId, closeTime]);
      }
      log();
      for (const [i, label] of known.entries()) {
        this.#learn([seriesId, label.closeTime], [label]);
        logs[i]!();
      }
    });
  }

  /** Close time of the last durable row of a series, 0 before the first. */
  lastOf(seriesId: string): number {
    return (this.#meta.get(`row:${seriesId}`) as number | undefined) ?? 0;
  }

  get(seriesId: string, closeTime: number): StoredRow | undefined {
    const packed = this.#rows.get([seriesId, closeTime]);
    if (packed === undefined) return undefined;
    return unpackRow(seriesId, closeTime, packed, this.#labels.get([seriesId, closeTime]));
  }

  /** Rows of a series that closed at or after `from`, oldest first. */
  *of(seriesId: string, from: number): Generator<StoredRow> {
    for (const { key, value } of this.#rows.entries({ start: [seriesId, from], end: [seriesId, Infinity] }))
      yield unpackRow(seriesId, key[1], value, this.#labels.get(key));
  }

  /** Rows that came or changed after an offset: each once, as it is now. */
  async after(
    offset: number,
    limit: number,
  ): Promise<{ entries: { place: number; record: StoredRow }[]; offset: number; count: number }> {
    const page = await this.#log.newestAfter(offset, limit, ([series, time]) => `${series}\n${time}`);
    const entries: { place: number; record: StoredRow }[] = [];
    for (const { place, value } of page.entries) {
      const [seriesId, closeTime] = value;
      const record = this.get(seriesId, closeTime);
      if (record !== undefined) entries.push({ place, record });
      if (entries.length % READ_AT_ONCE === 0) await turnOf(this.#clock);
    }
    return { entries, offset: page.offset, count: page.count };
  }

  lag(offset: number): TopicLag {
    return this.#log.lag(offset);
  }

  /**
   * Drops up to `limit` entries through a place. A row goes with its last change: at an earlier one, what it was changed
   * to since may not have been read. Inside a transaction.
   */
  purge(through: number, limit: number): number {
    return this.#log.purge(through, limit, ([seriesId, closeTime, isLast]) => {
      if (isLast) this.drop([[seriesId, closeTime]]);
    });
  }

  /**
   * Rows that every sink has and whose labels are still open, those that closed first before the others, to about an hour.
   * None while the log holds anything: then some rows are unread.
   */
  async oldestOpen(limit: number): Promise<RowKey[]> {
    if (this.#log.after(0, 1).entries.length > 0) return [];
    const heads: RowKey[] = [];
    for (let after = ''; ;) {
      const [head] = this.#rows.keys({ start: [after, Infinity], limit: 1 });
      if (head === undefined) break;
      after = head[0];
      if (heads.push(head) % READ_AT_ONCE === 0) await turnOf(this.#clock);
    }
    heads.sort((a, b) => a[1] - b[1]);
    const oldest: RowKey[] = [];
    while (oldest.length < limit && heads.length > 0) {
      const [series, from] = heads.shift()!;
      const until = (heads[0]?.[1] ?? from) + SPAN_MS;
      const range: KeyRange = { start: [series, from], end: [series, until], limit: limit - oldest.length };
      for (const key of this.#rows.keys(range)) oldest.push(key);
      const [head] = this.#rows.keys({ start: [series, until], end: [series, Infinity], limit: 1 });
      if (head !== undefined) {
        const at = heads.findIndex(([, closeTime]) => closeTime > head[1]);
        heads.splice(at < 0 ? heads.length : at, 0, head);
      }
      await turnOf(this.#clock);
    }
    return oldest;
  }

  /** Drops rows; labels that come for them later go nowhere. Inside a transaction. */
  drop(keys: readonly RowKey[]): void {
    for (const key of keys) {
      this.#rows.remove(key);
      this.#labels.remove(key);
    }
  }

  /** Labels of a row became known; nothing is kept of a row that is gone. Inside a transaction. */
  #learn(key: RowKey, labels: readonly Label[]): void {
    if (this.#rows.has(key)) this.#labels.put(key, withLabels(this.#labels.get(key), labels));
  }

  /** Forgets where a series was. Nothing more will be known of its rows, so they are dropped once every sink has them. */
  remove(seriesId: string): void {
    const keys = Array.from(this.#rows.keys({ start: [seriesId, 0], end: [seriesId, Infinity] }));
    const writes = keys.map(([series, closeTime]) => this.#log.append([series, closeTime, true]));
    this.#committer.mark(`row:${seriesId}`, undefined);
    this.#committer.push(0, () => {
      for (const write of writes) write();
    });
  }
}

const DOUBLES: Codec<Float64Array> = {
  encode: (numbers) => new Uint8Array(numbers.slice().buffer),
  decode: (bytes) => new Float64Array(new Uint8Array(bytes).buffer),
};

/** Whether a label is of the longest horizon, which is known last. */
function isLongest({ horizon }: Label): boolean {
  return horizon === HORIZONS.length - 1;
}
