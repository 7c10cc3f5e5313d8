import type { Signal } from '../../actors/signals/signal.js';
import type { SequencedSignal } from '../journal/conclusions.js';

/** A signal that became durable, with its place in the stream. */
export type PublishedSignal = SequencedSignal;

/** What was published and is still kept, in order. A sequence number whose bar got no signal has none here. */
export interface RetainedSignals {
  /** Entries after a sequence number, oldest first, `limit` at most. */
  after(
    sequence: number,
    limit: number,
  ): readonly (Omit<PublishedSignal, 'signal'> & { readonly signal: Signal | undefined })[];
  /** Sequence number of the last entry that was purged. */
  purgedThrough(): number;
  /** Sequence number of the newest entry, 0 when there is none. */
  lastSequence(): number;
}

/** Which signals a subscriber wants. Empty sets mean all. */
export interface SignalFilter {
  readonly tenantId: string;
  readonly symbols: ReadonlySet<string>;
  readonly timeframes: ReadonlySet<string>;
  readonly onlyActionable: boolean;
  /** Whether a signal of the tenant is for the subscriber: one of another user is not, nor one in whose place it has its own. */
  readonly isFor: (published: PublishedSignal) => boolean;
}

/** Why a subscription ends by itself. */
export type SubscriptionEnd =
  /** The queue is full; `cursor` is the last sequence number written. */
  | { readonly kind: 'overflow'; readonly cursor: number }
  /** What follows its cursor was purged before it was read; `through` is the last sequence number that is gone. */
  | { readonly kind: 'purged'; readonly through: number }
  /** Reading, encoding or writing failed. */
  | { readonly kind: 'failed'; readonly error: unknown };

/** Where a subscriber's signals go. `write` answers whether it can take more at once. */
interface SignalOutlet {
  write(update: Buffer): boolean;
  end(reason: SubscriptionEnd): void;
}

export interface SubscriptionOptions {
  readonly filter: SignalFilter;
  readonly outlet: SignalOutlet;
  readonly retained: RetainedSignals;
  readonly encode: (published: PublishedSignal) => Buffer;
  /** Whether only the newest signal of each series waits for a slow subscriber. */
  readonly conflate: boolean;
  readonly queueMax: number;
  /** Sequence number to continue after; undefined for live signals only. */
  readonly resumeAfter: number | undefined;
}

interface Waiting {
  readonly published: PublishedSignal;
  readonly bytes: Buffer;
  readonly skipped: number;
}

/**
 * Retained signals read and looked at in one turn of the event loop. One costs 37 µs to read from the journal, so a turn
 * takes about 2.5 ms.
 */
const PAGE = 64;

function matches(
  { tenantId, symbols, timeframes, onlyActionable, isFor }: SignalFilter,
  published: PublishedSignal,
): boolean {
  const { signal } = published;
  return (
    signal.tenantId === tenantId &&
    (symbols.size === 0 || symbols.has(signal.symbol)) &&
    (timeframes.size === 0 || timeframes.has(signal.timeframe)) &&
    (!onlyActionable || signal.abstained.length === 0) &&
    isFor(published)
  );
}

/** One client's stream: from what is retained until it has caught up, then live. */
export class Subscription {
  readonly filter: SignalFilter;
  readonly #options: SubscriptionOptions;
  readonly #queue = new Map<string, Waiting>();
  /** Page that is being written, and how far it was. */
  #page: ReturnType<RetainedSignals['after']> = [];
  #pageNext = 0;
  /** Last sequence number that was written or passed over. */
  #cursor: number;
  #live: boolean;
  #blocked = false;
  #closed = false;

  constructor(options: SubscriptionOptions) {
    this.filter = options.filter;
    this.#options = options;
    this.#cursor = options.resumeAfter ?? options.retained.lastSequence();
    this.#live = options.resumeAfter === undefined;
  }

  /** Whether it has retained signals to read and someone to take them. */
  get isCatchingUp(): boolean {
    return !this.#live && !this.#blocked && !this.#closed;
  }

  /** Writes what waits; to be called when the outlet can take more. */
  resume(): void {
    this.#blocked = false;
    if (!this.#live) return;
    for (const [key, waiting] of this.#queue) {
      if (this.#blocked || this.#closed) return;
      this.#queue.delete(key);
      this.#write(waiting.published.sequence, waiting.bytes, waiting.skipped);
    }
  }

  /** Reads one page of what is retained; live once there is no more. A page is read once, however often it is interrupted. */
  catchUp(): void {
    const { retained, encode } = this.#options;
    if (this.#pageNext === this.#page.length) {
      const through = retained.purgedThrough();
      if (through > this.#cursor) {
        this.#end({ kind: 'purged', through });
        return;
      }
      this.#page = retained.after(this.#cursor, PAGE);
      this.#pageNext = 0;
      if (this.#page.length === 0) {
        this.#live = true;
        return;
      }
    }
    while (this.#pageNext < this.#page.length && this.isCatchingUp) {
      const { sequence, actorId, signal } = this.#page[this.#pageNext++]!;
      const published = signal === undefined ? undefined : { sequence, actorId, signal };
      if (published !== undefined && matches(this.filter, published))
        this.#write(sequence, encode(published), 0);
      else this.#cursor = sequence;
    }
  }

  /** Takes a signal that just became durable; `encode` gives its bytes, made once for all subscribers. */
  take(published: PublishedSignal, encode: () => Buffer): void {
    if (this.#closed || !this.#live || published.sequence <= this.#cursor) return;
    if (!matches(this.filter, published)) return;
    if (!this.#blocked && this.#queue.size === 0) {
      this.#write(published.sequence, encode(), 0);
      return;
    }
    const { symbol, timeframe } = published.signal;
    const key = this.#options.conflate ? `${symbol}/${timeframe}` : String(published.sequence);
    const before = this.#queue.get(key);
    if (before === undefined && this.#queue.size >= this.#options.queueMax) {
      this.#end({ kind: 'overflow', cursor: this.#cursor });
      return;
    }
    // A conflated signal goes to the end of the queue, so that sequence numbers still rise.
    this.#queue.delete(key);
    this.#queue.set(key, {
      published,
      bytes: encode(),
      skipped: before === undefined ? 0 : before.skipped + 1,
    });
  }

  /** Ends it for an error of its own, which is nobody else's. */
  fail(error: unknown): void {
    if (!this.#closed) this.#end({ kind: 'failed', error });
  }

  close(): void {
    this.#closed = true;
    this.#queue.clear();
    this.#page = [];
    this.#pageNext = 0;
  }

  #end(reason: SubscriptionEnd): void {
    this.close();
    this.#options.outlet.end(reason);
  }

  #write(sequence: number, bytes: Buffer, skipped: number): void {
    this.#cursor = sequence;
    const update = skipped === 0 ? bytes : Buffer.concat([bytes, skippedField(skipped)]);
    if (!this.#options.outlet.write(update)) this.#blocked = true;
  }
}

/** Field 2 of SignalUpdate, to follow an encoded field 1. */
function skippedField(skipped: number): Buffer {
  const bytes = [0x10];
  for (let rest = skipped; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 0x80);
  }
}
