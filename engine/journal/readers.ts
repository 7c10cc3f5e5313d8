import type { Committer } from './committer.js';
import type { Table } from './log-store.js';
import type { Topic } from './topic-log.js';

/** The readers of each topic and their offsets: what one of them has not read is not purged. */
export class Readers {
  readonly #committer: Committer;
  readonly #meta: Table<unknown, string>;
  readonly #topics = new Map<string, Topic>();
  readonly #offsets = new Map<string, number>();

  constructor(committer: Committer, meta: Table<unknown, string>) {
    this.#committer = committer;
    this.#meta = meta;
  }

  /** Makes a reader known. A new one begins with the oldest entry, or, `fromNow`, with the next. */
  add(topic: Topic, name: string, fromNow: boolean): void {
    this.#topics.set(name, topic);
    const known = this.#meta.get(`offset:${name}`) as number | undefined;
    this.#offsets.set(name, known ?? 0);
    if (known === undefined && fromNow) this.move(name, this.#committer.last(topic));
  }

  has(topic: Topic): boolean {
    return [...this.#topics.values()].includes(topic);
  }

  offset(name: string): number {
    return this.#offsets.get(name) ?? 0;
  }

  move(name: string, offset: number): void {
    this.#offsets.set(name, offset);
    this.#committer.push(0, () => this.#meta.put(`offset:${name}`, offset));
  }

  /** Place that every reader of a topic has passed, durably; everything when it has none. */
  readThrough(topic: Topic): number {
    let through = this.#committer.last(topic);
    for (const [name, of] of this.#topics) {
      if (of !== topic) continue;
      through = Math.min(through, (this.#meta.get(`offset:${name}`) as number | undefined) ?? 0);
    }
    return through;
  }
}
