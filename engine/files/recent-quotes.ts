import type { Quote } from '../../actors/market/quote.js';

/** Quotes that are remembered at least: an hour or more of a busy pair's. */
const REMEMBERED = 4096;

/** The newest quotes that were read, to tell one that comes again from one that comes too late. */
export class RecentQuotes {
  readonly #byTime = new Map<number, Quote[]>();
  #count = 0;

  constructor(quotes: readonly Quote[] = []) {
    for (const quote of quotes) this.add(quote);
  }

  /** The newest of them, oldest first. */
  newest(): Quote[] {
    return [...this.#byTime.values()].flat().slice(-REMEMBERED);
  }

  /** Remembers a quote that is not older than the others; it is one, however often it is added. */
  add(quote: Quote): void {
    if (this.has(quote)) return;
    const known = this.#byTime.get(quote.ts);
    if (known === undefined) this.#byTime.set(quote.ts, [quote]);
    else known.push(quote);
    this.#count++;
    if (this.#count > 2 * REMEMBERED) this.#forget();
  }

  has({ ts, bid, ask, bidSize, askSize }: Quote): boolean {
    const known = this.#byTime.get(ts);
    return (
      known?.some(
        (quote) =>
          quote.bid === bid &&
          quote.ask === ask &&
          Object.is(quote.bidSize, bidSize) &&
          Object.is(quote.askSize, askSize),
      ) ?? false
    );
  }

  /** Many at once: a map's first key is found slowly once others before it were removed. */
  #forget(): void {
    for (const [ts, quotes] of this.#byTime) {
      if (this.#count <= REMEMBERED) return;
      this.#byTime.delete(ts);
      this.#count -= quotes.length;
    }
  }
}
