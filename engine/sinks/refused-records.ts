import { SuhoError, quoted } from '../errors.js';
import type { KeyedDeadLetter } from '../journal/dead-letters.js';
import type { Journal } from '../journal/journal.js';
import type { Sink } from './sink.js';

/** Letters read at once at most: about two milliseconds of the event loop. */
const PAGE = 100;

/** Some dead letters. */
export interface LetterPage {
  readonly letters: readonly KeyedDeadLetter[];
  /** Key the next page begins after; undefined when there is nothing after this one. */
  readonly nextAfter: number | undefined;
}

/** What became of the letters of a page that were retried; one that waits for an earlier letter counts as refused. */
export interface RetryCounts {
  readonly written: number;
  readonly refused: number;
  readonly nextAfter: number | undefined;
}

/** How many letters of a page were discarded. */
export interface DiscardCounts {
  readonly discarded: number;
  readonly nextAfter: number | undefined;
}

/** The dead letters, to be looked at and, those of sinks, to be written again once their store takes them. */
export class RefusedRecords {
  readonly #journal: Journal;
  readonly #sinks: ReadonlyMap<string, Pick<Sink, 'retry'>>;

  constructor(journal: Journal, sinks: readonly Sink[]) {
    this.#journal = journal;
    this.#sinks = new Map(sinks.map((sink) => [sink.name, sink]));
  }

  /**
   * A page of the letters after a key, oldest first; of one sink or actor when its name is given. It looks at 100 letters
   * at most, so a page by name can be empty and not the last.
   */
  list(after: number, name?: string): LetterPage {
    const letters = this.#journal.deadLetters.list({ after, limit: PAGE });
    return {
      letters: name === undefined ? letters : letters.filter((letter) => letter.name === name),
      nextAfter: letters.length < PAGE ? undefined : letters.at(-1)?.key,
    };
  }

  /**
   * Writes the record of one letter again and, when it is taken, removes the letter; settles when that is durable.
   * `unknown` when the sink has no such letter, `refused` also while an earlier letter is about the same. Rejects with `STORE_UNAVAILABLE` while the store is away, with
   * `NOT_FOUND` when there is no such sink.
   */
  async retry(sinkName: string, key: number): Promise<'written' | 'refused' | 'unknown'> {
    const sink = this.#sink(sinkName);
    const letter = this.#journal.deadLetters.get(key);
    if (letter === undefined || !isOf(letter, sinkName)) return 'unknown';
    const written = await this.#rewrite(sink, letter);
    await this.#journal.durable();
    return written ? 'written' : 'refused';
  }

  /**
   * Writes the records of a sink's letters again, oldest first and one by one, and removes those that are taken: one page
   * of {@link list}. Rejects as {@link retry} does; what was written until then stays written.
   */
  async retryPage(sinkName: string, after: number): Promise<RetryCounts> {
    const sink = this.#sink(sinkName);
    const { letters, nextAfter } = this.list(after, sinkName);
    const own = letters.filter((letter) => isOf(letter, sinkName));
    let written = 0;
    for (const letter of own) if (await this.#rewrite(sink, letter)) written++;
    await this.#journal.durable();
    return { written, refused: own.length - written, nextAfter };
  }

  /** Drops one letter of a sink or actor for good; false when it has no such letter. Settles when that is durable. */
  async discard(name: string, key: number): Promise<boolean> {
    if (this.#journal.deadLetters.get(key)?.name !== name) return false;
    this.#journal.deadLetters.remove(key);
    await this.#journal.durable();
    return true;
  }

  /** Drops the letters of a sink or actor for good: one page of {@link list}. */
  async discardPage(name: string, after: number): Promise<DiscardCounts> {
    const { letters, nextAfter } = this.list(after, name);
    for (const { key } of letters) this.#journal.deadLetters.remove(key);
    await this.#journal.durable();
    return { discarded: letters.length, nextAfter };
  }

  async #rewrite(sink: Pick<Sink, 'retry'>, { key, record, name, about }: KeyedDeadLetter): Promise<boolean> {
    const { deadLetters } = this.#journal;
    // What came first about a record is written first.
    if (deadLetters.firstAbout(name, about) !== key) return false;
    const taken = await sink.retry(record);
    if (taken) deadLetters.remove(key);
    return taken;
  }

  #sink(name: string): Pick<Sink, 'retry'> {
    const sink = this.#sinks.get(name);
    if (sink !== undefined) return sink;
    const names = [...this.#sinks.keys()].join(', ');
    throw new SuhoError('NOT_FOUND', `There is no sink ${quoted(name)}; there are ${names}.`);
  }
}

/** Whether a letter holds a record that a sink's store refused: an actor's letter has none. */
function isOf({ source, name }: KeyedDeadLetter, sinkName: string): boolean {
  return source === 'sink' && name === sinkName;
}
