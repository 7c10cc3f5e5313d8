import type { Logger } from 'pino';
import { messageOf } from '../errors.js';
import type { Journal, Topic } from './journal.js';

/** What a sink writes at once: how it reads the journal from an offset and puts that into its store. */
export interface SinkTarget {
  readonly name: string;
  readonly topic: Topic;
  /** Whether it begins with what comes, not with what the journal holds already. */
  readonly fromNow?: boolean;
  /** Whether it writes at once instead of gathering: for those who wait at the other end. */
  readonly prompt?: boolean;
  /** Entries it reads at once at most. */
  readonly batch: number;
  /**
   * Writes what follows `offset`, `limit` entries at most, and returns the new offset and how many entries that were; 0
   * when there is nothing.
   */
  write(offset: number, limit: number): Promise<{ readonly offset: number; readonly count: number }>;
}

export interface SinkStatus {
  readonly name: string;
  readonly healthy: boolean;
  readonly lagRows: number;
  readonly lagSeconds: number;
  readonly written: number;
  readonly error: string | undefined;
}

const RETRY_MS_MAX = 30_000;
/**
 * A store is written to at most this often while less than half a batch waits: an insert of ten rows costs ClickHouse
 * about as much as one of ten thousand, each of its parts is merged again and again, and the engine needs the core. At
 * 1,000 bars a second on two cores, 500 ms here made the median way of a bar to its signal 40 ms; 2,000 ms make it 5.
 */
const LINGER_MS = 2_000;

/**
 * An idempotent reader of the journal: writes what it finds to its store, then moves its offset. When the
 * store is away it retries, ever less often, and lags; nothing else waits for it.
 */
export class Sink {
  readonly name: string;
  readonly #journal: Journal;
  readonly #target: SinkTarget;
  readonly #log: Logger;
  #offset: number;
  #written = 0;
  #error: string | undefined;
  #behindSince: number | undefined;
  #wake: (() => void) | undefined;
  #hurry: (() => void) | undefined;
  #stopped = false;
  #loop: Promise<void> | undefined;
  #waiters: { readonly position: number; readonly resolve: () => void }[] = [];

  constructor(journal: Journal, target: SinkTarget, log: Logger) {
    this.name = target.name;
    this.#journal = journal;
    this.#target = target;
    this.#log = log;
    journal.addReader(target.topic, target.name, target.fromNow ?? false, () => this.#wake?.());
    this.#offset = journal.offset(target.name);
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Settles when the sink has written all that the journal holds now. Rejects nothing: it waits as long as it takes. */
  async caughtUp(): Promise<void> {
    await this.#journal.flushed();
    if (this.#journal.lag(this.#target.topic, this.#offset) === 0) return;
    const position = this.#journal.stats().nextPosition;
    const done = new Promise<void>((resolve) => this.#waiters.push({ position, resolve }));
    this.#hurry?.();
    this.#wake?.();
    await done;
  }

  status(): SinkStatus {
    const lagRows = this.#journal.lag(this.#target.topic, this.#offset);
    return {
      name: this.name,
      healthy: this.#error === undefined,
      lagRows,
      lagSeconds:
        lagRows > 0 && this.#behindSince !== undefined ? (Date.now() - this.#behindSince) / 1000 : 0,
      written: this.#written,
      error: this.#error,
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#hurry?.();
    this.#wake?.();
    await this.#loop;
  }

  async #run(): Promise<void> {
    let retryMs = 100;
    while (!this.#stopped) {
      let count = 0;
      try {
        const result = await this.#target.write(this.#offset, this.#target.batch);
        count = result.count;
        if (count > 0) {
          this.#offset = result.offset;
          this.#written += count;
          this.#journal.putOffset(this.name, result.offset);
        }
        if (this.#error !== undefined) this.#log.info({ sink: this.name }, 'store is back');
        this.#error = undefined;
        retryMs = 100;
        this.#release(this.#offset);
      } catch (error) {
        if (this.#error === undefined)
          this.#log.warn({ sink: this.name, error: messageOf(error) }, 'store is away');
        this.#error = messageOf(error);
        await this.#pause(retryMs);
        retryMs = Math.min(RETRY_MS_MAX, retryMs * 2);
        continue;
      }
      if (count > 0) {
        this.#behindSince ??= Date.now();
        if (count < this.#target.batch / 2 && this.#target.prompt !== true) await this.#linger();
        continue;
      }
      this.#behindSince = undefined;
      this.#release();
      await this.#pause(60_000);
    }
    this.#release();
  }

  /** Lets entries gather, unless someone waits for the store to catch up. */
  async #linger(): Promise<void> {
    if (this.#stopped || this.#waiters.length > 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LINGER_MS);
      this.#hurry = (): void => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#hurry = undefined;
  }

  /** Lets go those who wait for nothing past `through`. */
  #release(through = Infinity): void {
    const waiters = this.#waiters;
    this.#waiters = waiters.filter(({ position }) => position > through + 1);
    for (const { position, resolve } of waiters) if (position <= through + 1) resolve();
  }

  /** Sleeps until woken or until the time is over. */
  async #pause(ms: number): Promise<void> {
    if (this.#stopped) return;
    if (this.#waiters.length > 0 && this.#error === undefined) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = (): void => {
        if (this.#error !== undefined && !this.#stopped) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
    if (this.#error === undefined) this.#behindSince ??= Date.now();
  }
}
