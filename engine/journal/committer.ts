import type { Clock, Timer } from '../clock.js';
import { SuhoError, messageOf } from '../errors.js';
import type { LogStore, Table } from './log-store.js';

/** One of the things written together. Runs inside a transaction. */
export type Write = () => void;

/** Numbers that count on over restarts: positions of inputs, places in the logs that sinks read. */
export type CounterName = 'position' | 'sequence' | 'rows' | 'predictions' | 'patterns';

/** Time between two measurements of the journal's size: each takes LMDB ~0.1 ms. */
const MEASURE_EVERY_MS = 100;
/** Time that writes nobody waits for are gathered: a bar alone makes two transactions then and not four. */
const GATHER_MS = 10;

/**
 * Gathers what is appended and writes it as one transaction a batch, in the order it came. What comes while one is
 * being committed waits for the next.
 */
export class Committer {
  readonly #store: LogStore;
  readonly #clock: Clock;
  readonly #meta: Table<unknown, string>;
  readonly #counters = new Map<CounterName, number>();
  /** Those of them that gave out a number since the last transaction. */
  readonly #counted = new Set<CounterName>();
  #pending: Write[] = [];
  /** Marks of which only the newest counts, for the next transaction. */
  #marks = new Map<string, number | undefined>();
  #pendingBytes = 0;
  #flushing: Promise<void> | undefined;
  /** Whether somebody waits for what is pending. */
  #isUrgent = false;
  #timer: Timer | undefined;
  /** Writes taken, and those of them that are durable. */
  #taken = 0;
  #durable = 0;
  #commits = 0;
  #bytes: number;
  #measuredAt = -Infinity;
  #failure: SuhoError | undefined;
  #waiters: {
    readonly ticket: number;
    readonly resolve: () => void;
    readonly reject: (failure: unknown) => void;
  }[] = [];
  readonly #onCommitted: (() => void)[] = [];
  #onFailure: (failure: SuhoError) => void = () => undefined;

  constructor(store: LogStore, clock: Clock, meta: Table<unknown, string>) {
    this.#store = store;
    this.#clock = clock;
    this.#meta = meta;
    this.#bytes = store.bytes();
  }

  /** Bytes in use, with an estimate of what is not committed yet. */
  get bytes(): number {
    return this.#bytes + this.#pendingBytes;
  }

  /** Why nothing can be written any more; undefined while all is well. */
  get failure(): SuhoError | undefined {
    return this.#failure;
  }

  get commits(): number {
    return this.#commits;
  }

  /** Writes that are not durable yet. */
  get pending(): number {
    return this.#taken - this.#durable;
  }

  /** Ticket of the newest write taken: it is durable when {@link durableThrough} has reached it. */
  get ticket(): number {
    return this.#taken;
  }

  get durableThrough(): number {
    return this.#durable;
  }

  /** The next number of a counter. */
  next(counter: CounterName): number {
    const next = this.last(counter) + 1;
    this.#counters.set(counter, next);
    this.#counted.add(counter);
    return next;
  }

  /** The newest number of a counter that was given out, 0 before the first. */
  last(counter: CounterName): number {
    let last = this.#counters.get(counter);
    if (last === undefined) {
      last = (this.#meta.get(`counter:${counter}`) as number | undefined) ?? 0;
      this.#counters.set(counter, last);
    }
    return last;
  }

  /**
   * Takes a write of about `bytes` bytes, soon durable; at once when it is `urgent` or {@link durable} is asked for. Once
   * nothing can be written any more it is dropped, and never durable.
   */
  push(bytes: number, write: Write, urgent = false): void {
    this.#taken++;
    if (this.#failure !== undefined) return;
    this.#pendingBytes += bytes;
    this.#pending.push(write);
    if (urgent) this.#hurry();
    else this.#timer ??= this.#clock.setTimeout(() => this.#hurry(), GATHER_MS);
  }

  /**
   * Has a number in the transaction of what is pushed next: once, however often it changes before that is written;
   * undefined removes it.
   */
  mark(key: string, value: number | undefined): void {
    if (this.#failure === undefined) this.#marks.set(key, value);
  }

  /** Has what is pending written in the next turn of the event loop. */
  #hurry(): void {
    if (this.#isUrgent) return;
    this.#isUrgent = true;
    if (this.#flushing === undefined) this.#clock.setImmediate(() => void this.#flush());
  }

  /** Calls back after each commit. */
  onCommitted(listener: () => void): void {
    this.#onCommitted.push(listener);
  }

  /** Calls back when nothing can be written any more: the disk is full or gone. What was acknowledged is on it. */
  onFailure(listener: (failure: SuhoError) => void): void {
    this.#onFailure = listener;
  }

  /** Settles when all that was taken so far is durable; rejects when it cannot be. */
  async durable(): Promise<void> {
    const ticket = this.#taken;
    if (ticket <= this.#durable) return;
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#pending.length > 0) this.#hurry();
    await new Promise<void>((resolve, reject) => this.#waiters.push({ ticket, resolve, reject }));
  }

  /** Writes all that is pending in one transaction. */
  #flush(): Promise<void> {
    if (this.#flushing !== undefined) return this.#flushing;
    if (this.#pending.length === 0 || this.#failure !== undefined) return Promise.resolve();
    const batch = this.#pending;
    const bytes = this.#pendingBytes;
    const through = this.#taken;
    // As they are now: a number given out later belongs to a later batch, and may be lost with it.
    const counters = [...this.#counted].map((counter) => [counter, this.#counters.get(counter)!] as const);
    this.#counted.clear();
    const marks = this.#marks;
    this.#marks = new Map();
    this.#pending = [];
    this.#isUrgent = false;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#flushing = this.#store
      .transaction(() => {
        for (const write of batch) write();
        for (const [key, value] of marks) {
          if (value === undefined) this.#meta.remove(key);
          else this.#meta.put(key, value);
        }
        for (const [counter, last] of counters) this.#meta.put(`counter:${counter}`, last);
      })
      .then(
        () => this.#committed(through, bytes),
        (error: unknown) => this.#fail(error),
      )
      .finally(() => {
        this.#flushing = undefined;
        if (this.#isUrgent) void this.#flush();
      });
    return this.#flushing;
  }

  #committed(through: number, bytes: number): void {
    this.#commits++;
    this.#durable = through;
    this.#pendingBytes -= bytes;
    const now = this.#clock.monotonic();
    if (now - this.#measuredAt >= MEASURE_EVERY_MS) this.measure();
    else this.#bytes += bytes;
    const waiting = this.#waiters;
    this.#waiters = waiting.filter(({ ticket }) => ticket > through);
    for (const { ticket, resolve } of waiting) if (ticket <= through) resolve();
    for (const listener of this.#onCommitted) listener();
  }

  /** Takes the size from the store. */
  measure(): void {
    this.#measuredAt = this.#clock.monotonic();
    this.#bytes = this.#store.bytes();
  }

  #fail(error: unknown): void {
    this.#failure = new SuhoError(
      'STORE_UNAVAILABLE',
      `The journal cannot be written; the disk may be full or broken (${messageOf(error)}).`,
      { cause: error },
    );
    for (const { reject } of this.#waiters) reject(this.#failure);
    this.#waiters = [];
    this.#onFailure(this.#failure);
  }
}
