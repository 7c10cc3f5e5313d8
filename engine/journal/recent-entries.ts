/** Entries kept at most: what a thousand bars a second bring while a sink gathers. */
const KEPT_MAX = 8_192;

/** An entry of a topic, in memory. */
interface Recent<R> {
  readonly place: number;
  /** Ticket of the write that makes it durable. */
  readonly ticket: number;
  readonly record: R;
}

/**
 * The newest entries of a topic as they were appended: a reader that is up to date takes them from here, and nothing is
 * read and decoded that was written a moment ago. The topic's log is what counts; this forgets.
 */
export class RecentEntries<R> {
  #kept: Recent<R>[] = [];

  /** Takes an entry, which follows the one before without a gap. */
  add(place: number, ticket: number, record: R): void {
    this.#kept.push({ place, ticket, record });
    if (this.#kept.length >= 2 * KEPT_MAX) this.#kept = this.#kept.slice(-KEPT_MAX);
  }

  /** Forgets entries through a place: every reader has them. */
  drop(through: number): void {
    const from = this.#kept.findIndex(({ place }) => place > through);
    this.#kept = from < 0 ? [] : this.#kept.slice(from);
  }

  /**
   * Entries after an offset whose tickets are durable, oldest first, `limit` at most; undefined when what follows the
   * offset is not here.
   */
  after(offset: number, limit: number, durableThrough: number): readonly Recent<R>[] | undefined {
    const first = this.#kept[0]?.place;
    if (first === undefined || offset + 1 < first) return undefined;
    const from = offset + 1 - first;
    let to = from;
    while (to < this.#kept.length && to - from < limit && this.#kept[to]!.ticket <= durableThrough) to++;
    return this.#kept.slice(from, to);
  }
}
