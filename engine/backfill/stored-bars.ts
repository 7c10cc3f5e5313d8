import type { Bar } from '../../actors/market/bar.js';

/** The bars a store has of a series, taken along while a file of the same series is read. */
export class StoredBars {
  readonly #pages: AsyncIterator<readonly Bar[]>;
  #page: readonly Bar[] = [];
  #next = 0;
  #isOver = false;

  constructor(pages: AsyncIterator<readonly Bar[]>) {
    this.#pages = pages;
  }

  /** Whether the next page has to be read before {@link next} can answer. */
  get isExhausted(): boolean {
    return !this.#isOver && this.#next === this.#page.length;
  }

  async read(): Promise<void> {
    const page = await this.#pages.next();
    this.#isOver = page.done === true;
    this.#page = page.done === true ? [] : page.value;
    this.#next = 0;
  }

  /** Takes the next stored bar that opened at `openTime` or before. */
  next(openTime: number): Bar | undefined {
    const bar = this.#page[this.#next];
    if (bar === undefined || bar.openTime > openTime) return undefined;
    this.#next++;
    return bar;
  }
}
