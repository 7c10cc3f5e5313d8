import type { Clock } from '../clock.js';
import type { Committer } from './committer.js';
import type { LogStore, Table } from './log-store.js';

/** Something that could not be handled, with why: a message an actor threw at, or a record a store refused. */
export interface DeadLetter {
  readonly source: 'actor' | 'sink';
  /** Id of the actor, or name of the sink. */
  readonly name: string;
  readonly tenantId: string;
  /** What it was about: an instrument, a prediction id, a row. */
  readonly about: string;
  readonly error: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** What the store refused, to be written again once it can be; undefined for actors, whose inputs are in the journal. */
  readonly record: unknown;
}

/** Dead letters kept; the oldest go first. */
const KEPT = 10_000;

/** What could not be handled: visible, counted, and, for sinks, written again on demand. */
export class DeadLetters {
  readonly #committer: Committer;
  readonly #clock: Clock;
  readonly #table: Table<DeadLetter, number>;
  readonly #counts = new Map<string, number>();
  #size = 0;

  constructor(store: LogStore, committer: Committer, clock: Clock) {
    this.#committer = committer;
    this.#clock = clock;
    this.#table = store.table('deadLetters');
    for (const { value } of this.#table.entries()) this.#count(value, 1);
  }

  add(letter: Omit<DeadLetter, 'at'>): void {
    const position = this.#committer.next('position');
    const dated: DeadLetter = { ...letter, error: letter.error.slice(0, 2_000), at: this.#clock.now() };
    this.#count(dated, 1);
    this.#committer.push(2_000, () => {
      this.#table.put(position, dated);
      if (this.#size > KEPT) for (const [key] of this.#oldest(this.#size - KEPT)) this.#drop(key);
    });
  }

  /** All there are, or those of one actor or sink. */
  get size(): number {
    return this.#size;
  }

  countOf(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** Oldest first, with the key that {@link remove} takes. */
  list(limit = KEPT): (DeadLetter & { readonly key: number })[] {
    return Array.from(this.#table.entries({ limit }), ({ key, value }) => ({ ...value, key }));
  }

  remove(key: number): void {
    this.#committer.push(0, () => this.#drop(key));
  }

  #oldest(limit: number): [number, DeadLetter][] {
    return Array.from(this.#table.entries({ limit }), ({ key, value }) => [key, value]);
  }

  #drop(key: number): void {
    const letter = this.#table.get(key);
    if (letter === undefined) return;
    this.#table.remove(key);
    this.#count(letter, -1);
  }

  #count({ name }: DeadLetter, by: 1 | -1): void {
    this.#size += by;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }
}
