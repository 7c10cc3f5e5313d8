/** Entries that left after which the rest move, at least. */
const LEFT_MAX = 1_024;

/**
 * A map of what is under way: every entry leaves soon. V8's own map links each table it outgrows to the next. One that has
 * grown old keeps, until the next full collection, all that were in the tables after it, and every collection of young objects
 * copies them: three times the work. So the entries move to a map of their own now and then.
 */
export class TransientMap<K, V> {
  #entries = new Map<K, V>();
  #left = 0;

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  set(key: K, value: V): void {
    this.#entries.set(key, value);
  }

  delete(key: K): void {
    if (this.#entries.delete(key) && ++this.#left >= LEFT_MAX && this.#left >= this.#entries.size) {
      this.#entries = new Map(this.#entries);
      this.#left = 0;
    }
  }
}
