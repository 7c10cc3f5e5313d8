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

/** Dead letters kept; the oldest go first. Fewer in a small journal: they may take a share of it, of about this many bytes each. */
const KEPT = 10_000;
const JOURNAL_SHARE = 1 / 8;
const LETTER_BYTES = 8_200;

/** What could not be handled: visible, counted, and, for sinks, written again on demand. */
export class DeadLetters {
  readonly #committer: Committer;
  readonly #clock: Clock;
  readonly #table: Table<DeadLetter, number>;
  readonly #counts = new Map<string, number>();
  readonly #keptMax: number;
  #size = 0;

  /** `bytesMax` is the size of the whole journal. */
  constructor(store: LogStore, committer: Committer, clock: Clock, bytesMax: number) {
    this.#keptMax = Math.min(KEPT, Math.ceil((bytesMax * JOURNAL_SHARE) / LETTER_BYTES));
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
      if (this.#size > this.#keptMax)
        for (const [key] of this.#oldest(this.#size - this.#keptMax)) this.#drop(key);
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
