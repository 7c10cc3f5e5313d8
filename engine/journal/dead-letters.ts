import { deserialize, serialize } from 'node:v8';
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

/** A dead letter and the key it is kept under. */
export type KeyedDeadLetter = DeadLetter & { readonly key: number };

/**
 * A letter as it lies in the journal. The record is serialized apart: the table's own encoding keeps no arrays of numbers
 * but bytes, and a feature row has two.
 */
type StoredLetter = Omit<DeadLetter, 'record'> & { readonly record: Uint8Array | undefined };

/** Dead letters kept; the oldest go first. Fewer in a small journal: they may take a share of it, of about this many bytes each. */
const KEPT = 10_000;
const JOURNAL_SHARE = 1 / 8;
const WHOLE_LETTER_BYTES = 8_200;
/** Bytes a letter takes beside its record. */
const LETTER_BYTES = 2_000;

/** What could not be handled: visible, counted, and, for sinks, written again on demand. */
export class DeadLetters {
  readonly #committer: Committer;
  readonly #clock: Clock;
  readonly #table: Table<StoredLetter, number>;
  readonly #counts = new Map<string, number>();
  /** Keys of the letters about one thing, oldest first, by name and what they are about. */
  readonly #keys = new Map<string, number[]>();
  readonly #keptMax: number;
  #size = 0;

  /** `bytesMax` is the size of the whole journal. */
  constructor(store: LogStore, committer: Committer, clock: Clock, bytesMax: number) {
    this.#keptMax = Math.min(KEPT, Math.ceil((bytesMax * JOURNAL_SHARE) / WHOLE_LETTER_BYTES));
    this.#committer = committer;
    this.#clock = clock;
    this.#table = store.table('deadLetters');
    for (const { key, value } of this.#table.entries()) this.#note(key, value);
  }

  add(letter: Omit<DeadLetter, 'at'>): void {
    const position = this.#committer.next('position');
    const record = letter.record === undefined ? undefined : serialize(letter.record);
    const stored = { ...letter, error: letter.error.slice(0, 2_000), at: this.#clock.now(), record };
    this.#note(position, stored);
    this.#committer.push(LETTER_BYTES + (record?.length ?? 0), () => {
      this.#table.put(position, stored);
      if (this.#size > this.#keptMax)
        for (const key of this.#oldest(this.#size - this.#keptMax)) this.#drop(key);
    });
  }

  /** All there are, or those of one actor or sink. */
  get size(): number {
    return this.#size;
  }

  countOf(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** Key of the oldest letter of an actor or sink about something; undefined when there is none. */
  firstAbout(name: string, about: string): number | undefined {
    return this.#keys.get(subject({ name, about }))?.[0];
  }

  /** Those after a key, oldest first, each with the key that {@link get} and {@link remove} take. */
  list({ after = 0, limit = KEPT }: { after?: number; limit?: number } = {}): KeyedDeadLetter[] {
    return Array.from(this.#table.entries({ start: after + 1, limit }), ({ key, value }) => read(key, value));
  }

  get(key: number): KeyedDeadLetter | undefined {
    const stored = this.#table.get(key);
    return stored === undefined ? undefined : read(key, stored);
  }

  /** Drops a letter; it counts no more from now on. */
  remove(key: number): void {
    const letter = this.#table.get(key);
    if (letter === undefined || !this.#forget(key, letter)) return;
    this.#committer.push(0, () => this.#table.remove(key));
  }

  #oldest(limit: number): number[] {
    return Array.from(this.#table.keys({ limit }));
  }

  #drop(key: number): void {
    const letter = this.#table.get(key);
    if (letter === undefined) return;
    this.#table.remove(key);
    this.#forget(key, letter);
  }

  #note(key: number, letter: StoredLetter): void {
    this.#count(letter, 1);
    const keys = this.#keys.get(subject(letter));
    if (keys === undefined) this.#keys.set(subject(letter), [key]);
    else keys.push(key);
  }

  /** False when it was forgotten before. */
  #forget(key: number, letter: StoredLetter): boolean {
    const keys = this.#keys.get(subject(letter)) ?? [];
    if (!keys.includes(key)) return false;
    this.#count(letter, -1);
    if (keys.length === 1) this.#keys.delete(subject(letter));
    else
      this.#keys.set(
        subject(letter),
        keys.filter((other) => other !== key),
      );
    return true;
  }

  #count({ name }: StoredLetter, by: 1 | -1): void {
    this.#size += by;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }
}

function subject({ name, about }: Pick<DeadLetter, 'name' | 'about'>): string {
  return `${name}\n${about}`;
}

function read(key: number, { record, ...letter }: StoredLetter): KeyedDeadLetter {
  return { ...letter, key, record: record === undefined ? undefined : (deserialize(record) as unknown) };
}
