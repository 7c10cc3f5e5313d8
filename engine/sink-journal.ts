import type { Clock } from './clock.js';
import type { Journal, Topic } from './journal/journal.js';
import type { DeadLetters, SinkJournal } from './journal/sink.js';

/** Commits whose time is kept at most: as coarse as that makes it, the age of what waits is never shown too small. */
const MARKS_MAX = 1_024;

/** The journal as sinks see it: it notes when positions were committed, and keeps sinks' dead letters with the actors'. */
export class JournalOfSinks implements SinkJournal, DeadLetters {
  readonly #journal: Journal;
  readonly #clock: Clock;
  /** Positions below `through` and above the mark before were committed no earlier than `at`. */
  #marks: { through: number; readonly at: number }[];
  readonly #letters = new Map<string, Set<number>>();

  constructor(journal: Journal, clock: Clock) {
    this.#journal = journal;
    this.#clock = clock;
    this.#marks = [{ through: journal.stats().nextPosition, at: clock.now() }];
  }

  addReader(topic: Topic, name: string, fromNow: boolean, listener: () => void): void {
    this.#journal.addReader(topic, name, fromNow, () => {
      this.#mark();
      listener();
    });
  }

  offset(sink: string): number {
    return this.#journal.offset(sink);
  }

  putOffset(sink: string, position: number): void {
    this.#journal.putOffset(sink, position);
  }

  async flushed(): Promise<void> {
    await this.#journal.flushed();
  }

  stats(): { readonly nextPosition: number } {
    return this.#journal.stats();
  }

  topicLag(topic: Topic, offset: number): { entries: number; oldestAt: number | undefined } {
    const entries = this.#journal.lag(topic, offset);
    const oldest = this.#marks.find(({ through }) => through > offset + 1) ?? this.#marks.at(-1);
    return { entries, oldestAt: entries === 0 ? undefined : oldest?.at };
  }

  add(sink: string, position: number, tenantId: string, key: string, text: string, error: string): void {
    const own = this.#letters.get(sink) ?? new Set();
    this.#letters.set(sink, own.add(position));
    const actorId = `sink:${sink}`;
    this.#journal.appendDeadLetter({ actorId, position, error: `${tenantId} ${key}: ${error} (${text})` });
  }

  remove(sink: string, position: number): void {
    this.#letters.get(sink)?.delete(position);
  }

  count(sink: string): number {
    return this.#letters.get(sink)?.size ?? 0;
  }

  #mark(): void {
    const through = this.#journal.stats().nextPosition;
    if (through === this.#marks.at(-1)?.through) return;
    this.#marks.push({ through, at: this.#clock.now() });
    if (this.#marks.length <= MARKS_MAX) return;
    // Two become one, with the older time.
    this.#marks = this.#marks.flatMap((mark, i) =>
      i % 2 === 0 ? [{ through: this.#marks[i + 1]?.through ?? mark.through, at: mark.at }] : [],
    );
  }
}
