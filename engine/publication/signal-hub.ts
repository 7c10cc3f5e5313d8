import type { PublishedSignal, Subscription } from './subscription.js';

/** Gives every durable signal to the subscribers it is for, encoded once, and lets those behind catch up in turns. */
export class SignalHub {
  readonly #subscriptions = new Set<Subscription>();
  readonly #encode: (published: PublishedSignal) => Buffer;
  readonly #schedule: (turn: () => void) => void;
  readonly #latest = new Map<string, PublishedSignal>();
  /** Subscriptions with retained signals to read, in the order of their turns. */
  readonly #behind = new Set<Subscription>();
  #scheduled = false;

  /** `schedule` runs a function after the event loop has had its turn. */
  constructor(encode: (published: PublishedSignal) => Buffer, schedule: (turn: () => void) => void) {
    this.#encode = encode;
    this.#schedule = schedule;
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
    this.resume(subscription);
  }

  /** Goes on with a subscription whose outlet can take more. */
  resume(subscription: Subscription): void {
    attempt(subscription, () => subscription.resume());
    this.#awaitTurn(subscription);
  }

  remove(subscription: Subscription): void {
    subscription.close();
    this.#subscriptions.delete(subscription);
    this.#behind.delete(subscription);
  }

  /** Ends all subscriptions: nothing is read after it. */
  close(): void {
    for (const subscription of this.#subscriptions) this.remove(subscription);
  }

  publish(published: PublishedSignal): void {
    const { tenantId, userId, symbol, timeframe } = published.signal;
    // Those of single users are looked up.
    if (userId === undefined) this.#latest.set(`${tenantId}|${symbol}|${timeframe}`, published);
    let bytes: Buffer | undefined;
    const encode = (): Buffer => (bytes ??= this.#encode(published));
    for (const subscription of this.#subscriptions)
      attempt(subscription, () => subscription.take(published, encode));
  }

  /** The newest signal of a tenant's series since the engine started. */
  latest(tenantId: string, symbol: string, timeframe: string): PublishedSignal | undefined {
    return this.#latest.get(`${tenantId}|${symbol}|${timeframe}`);
  }

  #awaitTurn(subscription: Subscription): void {
    if (!subscription.isCatchingUp) return;
    this.#behind.add(subscription);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#schedule(() => this.#turn());
  }

  /** One page of one subscription: however many are behind, the event loop gets its turn after each. */
  #turn(): void {
    this.#scheduled = false;
    for (const subscription of this.#behind) {
      this.#behind.delete(subscription);
      attempt(subscription, () => subscription.catchUp());
      this.#awaitTurn(subscription);
      break;
    }
    const [next] = this.#behind;
    if (next !== undefined) this.#awaitTurn(next);
  }
}

/** Goes on with a subscription; an error ends that subscription alone. */
function attempt(subscription: Subscription, work: () => void): void {
  try {
    work();
  } catch (error) {
    subscription.fail(error);
  }
}
