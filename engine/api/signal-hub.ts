import type { Signal } from '../../actors/signals/signal.js';
import type { Journal } from '../journal/journal.js';
import type { PublishedSignal } from '../engine.js';

/** Which signals a subscriber wants. Empty sets mean all. */
export interface SignalFilter {
  readonly tenantId: string;
  readonly symbols: ReadonlySet<string>;
  readonly timeframes: ReadonlySet<string>;
  readonly onlyActionable: boolean;
}

/** Where a subscriber's signals go. `write` answers whether it can take more at once. */
export interface SignalOutlet {
  write(update: Buffer): boolean;
  /** Ends a subscription that fell too far behind; `cursor` is the last sequence number written. */
  overflow(cursor: number): void;
}

interface Waiting {
  readonly published: PublishedSignal;
  readonly bytes: Buffer;
  skipped: number;
}

/** Signals read from the journal at once while a subscriber catches up. */
const PAGE = 500;

function matches({ tenantId, symbols, timeframes, onlyActionable }: SignalFilter, signal: Signal): boolean {
  return (
    signal.tenantId === tenantId &&
    (symbols.size === 0 || symbols.has(signal.symbol)) &&
    (timeframes.size === 0 || timeframes.has(signal.timeframe)) &&
    (!onlyActionable || signal.abstained.length === 0)
  );
}

/** One client's stream: from the journal until it has caught up, then live. */
export class Subscription {
  readonly filter: SignalFilter;
  readonly #outlet: SignalOutlet;
  readonly #journal: Journal;
  readonly #encode: (published: PublishedSignal) => Buffer;
  readonly #conflate: boolean;
  readonly #queueMax: number;
  readonly #queue = new Map<string, Waiting>();
  #cursor: number;
  #live: boolean;
  #blocked = false;
  #closed = false;

  constructor(options: {
    readonly filter: SignalFilter;
    readonly outlet: SignalOutlet;
    readonly journal: Journal;
    readonly encode: (published: PublishedSignal) => Buffer;
    readonly conflate: boolean;
    readonly queueMax: number;
    readonly resumeAfter: number | undefined;
  }) {
    this.filter = options.filter;
    this.#outlet = options.outlet;
    this.#journal = options.journal;
    this.#encode = options.encode;
    this.#conflate = options.conflate;
    this.#queueMax = options.queueMax;
    this.#cursor = options.resumeAfter ?? 0;
    this.#live = options.resumeAfter === undefined;
  }

  /** Goes on with whatever waits; to be called when the outlet can take more. */
  resume(): void {
    this.#blocked = false;
    while (!this.#live && !this.#blocked && !this.#closed) this.#catchUp();
    for (const [key, waiting] of this.#queue) {
      if (this.#blocked || this.#closed) return;
      this.#queue.delete(key);
      this.#write(waiting.published.sequence, waiting.bytes, waiting.skipped);
    }
  }

  /** Takes a signal that just became durable; `encode` gives its bytes, made once for all subscribers. */
  take(published: PublishedSignal, encode: () => Buffer): void {
    if (this.#closed || !this.#live || published.sequence <= this.#cursor) return;
    if (!matches(this.filter, published.signal)) return;
    if (!this.#blocked && this.#queue.size === 0) {
      this.#write(published.sequence, encode(), 0);
      return;
    }
    const { symbol, timeframe } = published.signal;
    const key = this.#conflate ? `${symbol}/${timeframe}` : String(published.sequence);
    const before = this.#queue.get(key);
    if (before === undefined && this.#queue.size >= this.#queueMax) {
      this.close();
      this.#outlet.overflow(this.#cursor);
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

  close(): void {
    this.#closed = true;
    this.#queue.clear();
  }

  #catchUp(): void {
    const page = this.#journal.signalsAfter(this.#cursor, PAGE);
    if (page.length === 0) {
      this.#live = true;
      return;
    }
    for (const { sequence, conclusion } of page) {
      if (this.#blocked) return;
      const { result } = conclusion;
      if (result.kind === 'signal' && matches(this.filter, result.signal)) {
        this.#write(sequence, this.#encode({ sequence, signal: result.signal }), 0);
      } else this.#cursor = sequence;
    }
  }

  #write(sequence: number, bytes: Buffer, skipped: number): void {
    this.#cursor = sequence;
    const update = skipped === 0 ? bytes : Buffer.concat([bytes, skippedField(skipped)]);
    if (!this.#outlet.write(update)) this.#blocked = true;
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

/** Gives every durable signal to the subscribers it is for, encoded once. */
export class SignalHub {
  readonly #subscriptions = new Set<Subscription>();
  readonly #encode: (published: PublishedSignal) => Buffer;
  readonly #latest = new Map<string, PublishedSignal>();

  constructor(encode: (published: PublishedSignal) => Buffer) {
    this.#encode = encode;
  }

  get size(): number {
    return this.#subscriptions.size;
  }

  /** Subscriptions of one tenant. */
  sizeOf(tenantId: string): number {
    let size = 0;
    for (const { filter } of this.#subscriptions) if (filter.tenantId === tenantId) size++;
    return size;
  }

  add(subscription: Subscription): void {
    this.#subscriptions.add(subscription);
    subscription.resume();
  }

  remove(subscription: Subscription): void {
    subscription.close();
    this.#subscriptions.delete(subscription);
  }

  publish(published: PublishedSignal): void {
    const { tenantId, symbol, timeframe } = published.signal;
    this.#latest.set(`${tenantId}|${symbol}|${timeframe}`, published);
    let bytes: Buffer | undefined;
    const encode = (): Buffer => (bytes ??= this.#encode(published));
    for (const subscription of this.#subscriptions) subscription.take(published, encode);
  }

  /** The newest signal of a tenant's series since the engine started. */
  latest(tenantId: string, symbol: string, timeframe: string): PublishedSignal | undefined {
    return this.#latest.get(`${tenantId}|${symbol}|${timeframe}`);
  }
}
