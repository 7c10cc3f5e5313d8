import { SYSTEM_CLOCK, type Clock } from '../clock.js';
import { SuhoError } from '../errors.js';
import { Committer } from './committer.js';
import { DeadLetters } from './dead-letters.js';
import { InputTopic } from './inputs.js';
import type { LogStore, Table } from './log-store.js';
import { MomentTopic } from './moments.js';
import { PredictionTopic } from './predictions.js';
import { Readers } from './readers.js';
import { RowTopic } from './rows.js';
import { SnapshotTopic } from './snapshots.js';
import type { Topic, TopicLag } from './topic-log.js';
import { WalStore } from './wal-store.js';

export interface JournalStats {
  readonly bytes: number;
  readonly bytesMax: number;
  /** Writes that are not durable yet. */
  readonly pending: number;
  readonly commits: number;
  /** Inputs refused because it was full. */
  readonly refused: number;
}

/**
 * The durable log: inputs, feature rows, conclusions, moments, trades, snapshots, and the offsets of those who read
 * it, one transaction a batch. Appends are taken in memory and become durable together, in their order.
 *
 * Bounded by `bytesMax`: full, it refuses input ({@link assertRoom}), and takes it again once its {@link Retention} has
 * made room. What follows from inputs it took, it always takes.
 */
export class Journal {
  readonly inputs: InputTopic;
  readonly rows: RowTopic;
  readonly predictions: PredictionTopic;
  readonly moments: MomentTopic;
  readonly snapshots: SnapshotTopic;
  readonly deadLetters: DeadLetters;
  readonly readers: Readers;
  readonly bytesMax: number;
  readonly #store: LogStore;
  readonly #meta: Table<unknown, string>;
  readonly #committer: Committer;
  #refused = 0;

  constructor(store: LogStore, bytesMax: number, clock: Clock) {
    this.#store = store;
    this.bytesMax = bytesMax;
    const meta: Table<unknown, string> = store.table('meta');
    this.#meta = meta;
    const committer = new Committer(store, clock, meta);
    this.#committer = committer;
    this.readers = new Readers(committer, meta);
    this.inputs = new InputTopic(store, committer);
    this.rows = new RowTopic(store, committer, clock, meta);
    this.predictions = new PredictionTopic(store, committer, clock, meta);
    this.moments = new MomentTopic(store, committer, clock, () => this.readers.has('patterns'));
    this.snapshots = new SnapshotTopic(store, committer, clock, this.inputs, this.predictions.conclusions);
    this.deadLetters = new DeadLetters(store, committer, clock, bytesMax);
  }

  /** Opens or makes a journal in a folder, which must be there. */
  static open(folder: string, bytesMax: number): Journal {
    return new Journal(new WalStore(folder), bytesMax, SYSTEM_CLOCK);
  }

  stats(): JournalStats {
    const { bytes, pending, commits } = this.#committer;
    return { bytes, bytesMax: this.bytesMax, pending, commits, refused: this.#refused };
  }

  /** Whether it takes input: it is neither full nor beyond writing. */
  get takesInput(): boolean {
    return !this.isFull && this.#committer.failure === undefined;
  }

  /** Whether it holds more than it may. */
  get isFull(): boolean {
    return this.#committer.bytes > this.bytesMax;
  }

  /** Whether more than half of its size is used: what it need not keep is dropped, and nobody lets it wait. */
  get isPressed(): boolean {
    return this.#committer.bytes > this.bytesMax / 2;
  }

  /** Throws `JOURNAL_FULL` when no more input can be taken for now, `STORE_UNAVAILABLE` when never. */
  assertRoom(): void {
    const { bytes, failure } = this.#committer;
    if (failure !== undefined) throw failure;
    if (!this.isFull) return;
    this.#refused++;
    throw new SuhoError(
      'JOURNAL_FULL',
      `The journal holds ${megabytes(bytes)} of the ${megabytes(this.bytesMax)} MB allowed. Input is refused until the stores it feeds have caught up (see suho status); raise journal.maxMegabytes to allow more.`,
    );
  }

  /** Calls back after each commit. */
  onCommitted(listener: () => void): void {
    this.#committer.onCommitted(listener);
  }

  /** Calls back when nothing can be written any more: the disk is full or gone. What was acknowledged is on it. */
  onFailure(listener: (failure: SuhoError) => void): void {
    this.#committer.onFailure(listener);
  }

  /** Settles when all that was appended so far is durable; rejects when it cannot be. */
  async durable(): Promise<void> {
    await this.#committer.durable();
  }

  /** Ticket of the newest append; it is durable once {@link durableThrough} has reached it. */
  get ticket(): number {
    return this.#committer.ticket;
  }

  get durableThrough(): number {
    return this.#committer.durableThrough;
  }

  /** How far a reader of a topic is behind; costs the same however far that is. */
  lag(topic: Topic, offset: number): TopicLag {
    const topics = { rows: this.rows, predictions: this.predictions, patterns: this.moments };
    return topics[topic].lag(offset);
  }

  /** Small facts of the engine's own, such as how far a file was read. */
  fact(key: string): unknown {
    return this.#meta.get(`fact:${key}`);
  }

  putFact(key: string, value: unknown): void {
    this.#committer.push(0, () => this.#meta.put(`fact:${key}`, value));
  }

  /** Runs `work` inside the next transaction. Settles when it is durable. */
  async inTransaction(work: () => void): Promise<void> {
    this.#committer.push(0, work);
    await this.#committer.durable();
  }

  /** Gives up the room of what was removed so far, and measures the journal after. */
  async compact(): Promise<void> {
    await this.#committer.durable();
    await this.#store.compact();
    this.#committer.measure();
  }

  async close(): Promise<void> {
    this.snapshots.finish();
    // What cannot be written is not lost by closing: it was not acknowledged.
    await this.#committer.durable().catch(() => undefined);
    await this.#store.close();
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}
