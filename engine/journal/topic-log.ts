import { turnOf, type Clock } from '../clock.js';
import type { Committer } from './committer.js';
import type { LogStore, Table } from './log-store.js';

/** Entries read before the event loop has a turn: a millisecond of work. */
const READ_AT_ONCE = 500;

/** A topic that sinks read in order, each at its own offset. */
export type Topic = 'rows' | 'predictions' | 'patterns';

/** How far a reader is behind. */
export interface TopicLag {
  readonly entries: number;
  /** When the oldest entry it has not read was recorded, epoch milliseconds; undefined when it has read all. */
  readonly oldestAt: number | undefined;
}

/** Entries read from a topic, with the offset that covers them. */
export interface TopicPage<V> {
  readonly entries: readonly { readonly place: number; readonly value: V }[];
  readonly offset: number;
}

/**
 * The order in which a topic's records came or changed. Places count 1, 2, 3 …, so how far a reader is behind is a
 * difference. A reader's offset is the last place it has read.
 */
export class TopicLog<V> {
  readonly #topic: Topic;
  readonly #committer: Committer;
  readonly #clock: Clock;
  readonly #table: Table<readonly [at: number, value: V], number>;

  constructor(store: LogStore, committer: Committer, clock: Clock, topic: Topic) {
    this.#topic = topic;
    this.#committer = committer;
    this.#clock = clock;
    this.#table = store.table(`log:${topic}`);
  }

  /** Takes a place for a value; the write it gives back puts it there, inside a transaction. */
  append(value: V): () => void {
    const place = this.#committer.next(this.#topic);
    const at = this.#clock.now();
    return () => this.#table.put(place, [at, value]);
  }

  /** Entries after an offset, oldest first, `limit` at most. */
  after(offset: number, limit: number): TopicPage<V> {
    const entries = Array.from(this.#table.entries({ start: offset + 1, limit }), ({ key, value }) => ({
      place: key,
      value: value[1],
    }));
    return { entries, offset: entries.at(-1)?.place ?? offset };
  }

  /** As {@link after}, but of each key only the newest entry; `count` entries were read. The event loop has turns between. */
  async newestAfter(
    offset: number,
    limit: number,
    keyOf: (value: V) => string,
  ): Promise<TopicPage<V> & { readonly count: number }> {
    const newest = new Map<string, TopicPage<V>['entries'][number]>();
    let count = 0;
    for (let reached = offset; ;) {
      const page = this.after(reached, Math.min(READ_AT_ONCE, limit - count));
      for (const entry of page.entries) newest.set(keyOf(entry.value), entry);
      count += page.entries.length;
      reached = page.offset;
      if (page.entries.length < READ_AT_ONCE || count === limit)
        return { entries: [...newest.values()], offset: reached, count };
      await turnOf(this.#clock);
    }
  }

  lag(offset: number): TopicLag {
    const entries = this.#committer.last(this.#topic) - offset;
    if (entries <= 0) return { entries: 0, oldestAt: undefined };
    for (const { value } of this.#table.entries({ start: offset + 1, limit: 1 }))
      return { entries, oldestAt: value[0] };
    return { entries, oldestAt: this.#clock.now() };
  }

  /** Removes up to `limit` entries through a place, oldest first, each after `drop`. Inside a transaction. Returns how many. */
  purge(through: number, limit: number, drop: (value: V) => void): number {
    const entries = Array.from(this.#table.entries({ end: through + 1, limit }));
    for (const { key, value } of entries) {
      drop(value[1]);
      this.#table.remove(key);
    }
    return entries.length;
  }
}
