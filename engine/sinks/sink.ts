import type { Logger } from 'pino';
import { Backoff } from '../backoff.js';
import type { Clock } from '../clock.js';
import { SuhoError, messageOf } from '../errors.js';
import type { Journal } from '../journal/journal.js';
import type { Topic, TopicLag } from '../journal/topic-log.js';

/** One record of a topic as a sink's target writes it, with its place in the topic. */
export interface SinkEntry<R> {
  readonly place: number;
  readonly record: R;
}

/** What a sink writes at once: how it reads the journal from an offset and puts that into its store. */
export interface SinkTarget<R = unknown> {
  readonly name: string;
  readonly topic: Topic;
  /** Whether it begins with what comes, not with what the journal holds already. */
  readonly fromNow?: boolean;
  /** How long it gathers while little waits, milliseconds; 0 where somebody waits at the other end, 2,000 unless given. */
  readonly lingerMs?: number;
  /** Entries it reads at once at most. */
  readonly batch: number;
  /**
   * Reads what follows `offset`, `limit` entries at most: the records to write (an entry may need none, and of several
   * about the same row the last is enough), the offset that covers them all, and how many entries that were.
   */
  read(
    offset: number,
    limit: number,
  ): Promise<{ readonly entries: readonly SinkEntry<R>[]; readonly offset: number; readonly count: number }>;
  /**
   * Writes records; writing them again changes nothing. Rejects with `RECORD_REFUSED` when the store will never take one
   * of them, with anything else when a later try may succeed.
   */
  write(records: readonly R[]): Promise<void>;
  /** What a record is about and whose it is, for its dead letter. */
  describe(record: R): { readonly key: string; readonly tenantId: string };
}

export interface SinkStatus {
  readonly name: string;
  readonly healthy: boolean;
  /** Entries not written yet, and the age of the oldest of them. */
  readonly lagRows: number;
  readonly lagSeconds: number;
  /** Entries written since the start. */
  readonly written: number;
  /** Records its store refused. */
  readonly deadLetters: number;
  readonly error: string | undefined;
}

/** What a sink works with; all but the target. */
export interface SinkParts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1), for the delays of retries. */
  readonly random: () => number;
}

const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 30_000;
/** Time a sink that is stopped has to write what waits. */
const STOP_MS = 5_000;
/**
 * A store is written to at most this often, unless its target says otherwise, while less than half a batch waits: an
 * insert of ten rows costs ClickHouse about as much as one of ten thousand, each of its parts is merged again and again,
 * and the engine needs the core. At 1,000 bars a second on two cores, 500 ms here made the median way of a bar to its
 * signal 40 ms; 2,000 ms make it 5.
 */
const LINGER_MS = 2_000;

/** While it gathers, a sink looks this often whether the journal needs its room. */
const LOOKS_EVERY_MS = 200;

/** A record that the store refused, and the store's own words. */
interface Refusal<R> {
  readonly entry: SinkEntry<R>;
  readonly error: string;
}

/** Why a record that was not refused itself is a dead letter. */
const FOLLOWS = 'An earlier record about the same was refused; retry that one first.';

/** Why a sink does nothing: there is nothing to write, or more may gather. */
type Rest = 'idle' | 'lingering';

/**
 * An idempotent reader of the journal: writes what it finds to its store, then moves its offset. When the store is
 * away it retries, ever less often, and lags; nothing else waits for it. A record that the store refuses becomes a
 * dead letter, and so do later ones about the same; all others are written.
 */
export class Sink<R = unknown> {
  readonly name: string;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #target: SinkTarget<R>;
  readonly #backoff: Backoff;
  #offset: number;
  #written = 0;
  #error: string | undefined;
  /** Whether something was committed since the last read began. */
  #news = false;
  #resting: { readonly as: Rest; readonly end: () => void } | undefined;
  #stopping = false;
  /** Whether the time to stop is over: what is still under way must not touch the journal any more. */
  #abandoned = false;
  #loop: Promise<void> = Promise.resolve();
  #waiters: { readonly place: number; readonly resolve: () => void }[] = [];

  constructor(parts: SinkParts, target: SinkTarget<R>) {
    this.name = target.name;
    this.#journal = parts.journal;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#target = target;
    const { clock, random } = parts;
    this.#backoff = new Backoff({ clock, random, initialMs: RETRY_MS_MIN, maxMs: RETRY_MS_MAX });
    this.#journal.readers.add(target.topic, target.name, target.fromNow ?? false);
    this.#journal.onCommitted(() => {
      this.#news = true;
      this.#endRest('idle');
    });
    this.#offset = this.#journal.readers.offset(target.name);
  }

  start(): void {
    this.#loop = this.#run();
  }

  /**
   * Settles when the sink has written all that the journal holds now, and the journal holds how far it came and what its
   * store refused. Rejects nothing: it waits as long as it takes.
   */
  async caughtUp(): Promise<void> {
    await this.#journal.durable();
    if (!this.#stopping && this.#lag().entries > 0) {
      const place = this.#offset + this.#lag().entries;
      const done = new Promise<void>((resolve) => this.#waiters.push({ place, resolve }));
      this.#endRest('idle', 'lingering');
      await done;
    }
    if (!this.#stopping) await this.#journal.durable();
  }

  status(): SinkStatus {
    const { entries, oldestAt } = this.#lag();
    return {
      name: this.name,
      healthy: this.#error === undefined,
      lagRows: entries,
      lagSeconds: oldestAt === undefined ? 0 : Math.max(0, this.#clock.now() - oldestAt) / 1000,
      written: this.#written,
      deadLetters: this.#journal.deadLetters.countOf(this.name),
      error: this.#error,
    };
  }

  /**
   * Writes a record that was refused again; true when its store takes it now. Rejects while the store is away, and with
   * `STOPPING` once the sink has stopped: the journal may be closed by then.
   */
  async retry(record: unknown): Promise<boolean> {
    let taken = true;
    try {
      await this.#target.write([record as R]);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      taken = false;
    }
    if (this.#abandoned)
      throw new SuhoError('STOPPING', 'The engine is stopping; retry the dead letters after its next start.');
    return taken;
  }

  /**
   * Stops after writing what waits, as far as the store takes it within `deadlineMs`; the rest is written after the next
   * start.
   */
  async stop(deadlineMs = STOP_MS): Promise<void> {
    this.#stopping = true;
    this.#backoff.stop();
    this.#endRest('idle', 'lingering');
    let timer: { cancel(): void } | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = this.#clock.setTimeout(resolve, deadlineMs);
    });
    await Promise.race([this.#loop, deadline]);
    timer?.cancel();
    this.#abandoned = true;
    this.#release(Infinity);
  }

  #lag(): TopicLag {
    return this.#journal.lag(this.#target.topic, this.#offset);
  }

  async #run(): Promise<void> {
    while (!this.#abandoned) {
      let count: number;
      try {
        count = await this.#step();
      } catch (error) {
        if (this.#stopping) return;
        this.#noteFailure(error);
        await this.#backoff.wait();
        continue;
      }
      this.#backoff.reset();
      if (count > 0) {
        const { batch, lingerMs = LINGER_MS } = this.#target;
        if (count < batch / 2) await this.#linger(lingerMs);
      } else if (!this.#news) {
        this.#release(Infinity);
        if (this.#stopping) return;
        await this.#rest('idle');
      }
    }
  }

  /** Writes the next batch and moves the offset past it; answers how many entries that were. */
  async #step(): Promise<number> {
    this.#news = false;
    const { entries, offset, count } = await this.#target.read(this.#offset, this.#target.batch);
    const refusals = entries.length === 0 ? [] : await this.#writeInOrder(entries);
    if (this.#abandoned) return 0;
    if (count > 0) {
      for (const refusal of refusals) this.#bury(refusal);
      this.#journal.readers.move(this.name, offset);
      this.#offset = offset;
      this.#written += count - refusals.length;
    }
    if (this.#error !== undefined) this.#log.info({ sink: this.name }, 'store is back');
    this.#error = undefined;
    this.#release(this.#offset);
    return count;
  }

  /**
   * Writes entries; answers those that become dead letters: what the store refuses, and what is about the same as a letter
   * before it. An outcome says nothing to a store that has not its signal, and a retried letter must not replace what came
   * later: all that is about one thing is retried in its order.
   */
  async #writeInOrder(entries: readonly SinkEntry<R>[]): Promise<Refusal<R>[]> {
    const { deadLetters } = this.#journal;
    const keyOf = ({ record }: SinkEntry<R>): string => this.#target.describe(record).key;
    const hasLetters = deadLetters.countOf(this.name) > 0;
    const isHeldBack = (entry: SinkEntry<R>): boolean =>
      hasLetters && deadLetters.firstAbout(this.name, keyOf(entry)) !== undefined;
    const writable = hasLetters ? entries.filter((entry) => !isHeldBack(entry)) : entries;
    const refused: Refusal<R>[] = [];
    if (writable.length > 0) await this.#write(writable, refused);
    if (refused.length === 0 && writable.length === entries.length) return [];
    const errors = new Map(refused.map(({ entry, error }) => [entry, error]));
    const refusedKeys = new Set<string>();
    return entries.flatMap((entry) => {
      const error = errors.get(entry);
      const key = keyOf(entry);
      if (error === undefined && !refusedKeys.has(key) && !isHeldBack(entry)) return [];
      refusedKeys.add(key);
      return [{ entry, error: error ?? FOLLOWS }];
    });
  }

  /** Writes entries, and finds those that the store refuses by halving: the others are all written, in their order. */
  async #write(entries: readonly SinkEntry<R>[], refusals: Refusal<R>[]): Promise<void> {
    if (this.#abandoned) return;
    try {
      await this.#target.write(entries.map(({ record }) => record));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (entries.length === 1) {
        refusals.push({ entry: entries[0]!, error: messageOf(error) });
        return;
      }
      const middle = Math.ceil(entries.length / 2);
      await this.#write(entries.slice(0, middle), refusals);
      await this.#write(entries.slice(middle), refusals);
    }
  }

  #bury({ entry, error }: Refusal<R>): void {
    const { key, tenantId } = this.#target.describe(entry.record);
    const { record } = entry;
    this.#journal.deadLetters.add({ source: 'sink', name: this.name, tenantId, about: key, error, record });
    this.#log.error({ sink: this.name, tenantId, key, error }, 'the store refused a record');
  }

  #noteFailure(error: unknown): void {
    const told = messageOf(error);
    if (this.#error !== told) this.#log.warn({ sink: this.name, error: told }, 'store is away');
    this.#error = told;
  }

  /** Lets go those who wait for nothing past `through`. */
  #release(through: number): void {
    const waiters = this.#waiters;
    this.#waiters = waiters.filter(({ place }) => place > through);
    for (const { place, resolve } of waiters) if (place <= through) resolve();
  }

  /** Lets more gather, until somebody waits for it or the journal needs its room. */
  async #linger(ms: number): Promise<void> {
    for (let left = ms; left > 0 && this.#waiters.length === 0 && !this.#stopping; left -= LOOKS_EVERY_MS) {
      await this.#rest('lingering', Math.min(left, LOOKS_EVERY_MS));
      if (this.#journal.isPressed) return;
    }
  }

  /** Does nothing until {@link #endRest} or, where given, until the time is over. */
  async #rest(as: Rest, ms?: number): Promise<void> {
    if (this.#stopping) return;
    let timer: { cancel(): void } | undefined;
    await new Promise<void>((resolve) => {
      if (ms !== undefined) timer = this.#clock.setTimeout(resolve, ms);
      this.#resting = { as, end: resolve };
    });
    timer?.cancel();
    this.#resting = undefined;
  }

  #endRest(...kinds: readonly Rest[]): void {
    if (this.#resting !== undefined && kinds.includes(this.#resting.as)) this.#resting.end();
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof SuhoError && error.code === 'RECORD_REFUSED';
}
