/** What a full mailbox does with one more message. */
export type OverflowPolicy = 'reject' | 'drop_oldest';

/** A bounded first-in, first-out queue on a ring that grows up to its limit and is then reused. */
export class Mailbox<M> {
  readonly limit: number;
  readonly policy: OverflowPolicy;
  #ring: (M | undefined)[];
  #head = 0;
  #size = 0;

  constructor(limit: number, policy: OverflowPolicy) {
    this.limit = limit;
    this.policy = policy;
    this.#ring = new Array<M | undefined>(Math.min(limit, 4));
  }

  get size(): number {
    return this.#size;
  }

  /** Puts a message in. Returns the outcome: accepted, refused, or accepted by dropping the oldest. */
  push(message: M): 'taken' | 'rejected' | 'dropped_oldest' {
    let result: 'taken' | 'dropped_oldest' = 'taken';
    if (this.#size === this.limit) {
      if (this.policy === 'reject') return 'rejected';
      this.shift();
      result = 'dropped_oldest';
    }
    if (this.#size === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#size) % this.#ring.length] = message;
    this.#size++;
    return result;
  }

  /** Takes the oldest message out; undefined when there is none. */
  shift(): M | undefined {
    if (this.#size === 0) return undefined;
    const message = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#ring.length;
    this.#size--;
    return message;
  }

  clear(): void {
    while (this.#size > 0) this.shift();
  }

  #grow(): void {
    const next = new Array<M | undefined>(Math.min(this.limit, this.#ring.length * 2));
    for (let i = 0; i < this.#size; i++) next[i] = this.#ring[(this.#head + i) % this.#ring.length];
    this.#ring = next;
    this.#head = 0;
  }
}
