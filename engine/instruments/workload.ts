/** What instruments have in work, by whose they are: messages in the mailboxes of their actors, and rows not concluded. */
export class Workload {
  readonly #queued: (owner?: string) => number;
  readonly #rows = new Map<string, number>();
  #total = 0;
  #concluded = 0;
  #onProgress: () => void = () => undefined;

  /** `queued` tells the messages that wait for an owner's actors, or for all. */
  constructor(queued: (owner?: string) => number) {
    this.#queued = queued;
  }

  /** Messages that wait and rows that are not concluded, of an owner or of all. */
  inWork(owner?: string): number {
    const rows = owner === undefined ? this.#total : (this.#rows.get(owner) ?? 0);
    return rows + this.#queued(owner);
  }

  /** Rows that were concluded so far. */
  get concluded(): number {
    return this.#concluded;
  }

  /** Owners that have rows in work. */
  owners(): IterableIterator<string> {
    return this.#rows.keys();
  }

  /** More rows of an owner are in work, or fewer. */
  change(owner: string, by: number): void {
    const rows = (this.#rows.get(owner) ?? 0) + by;
    if (rows === 0) this.#rows.delete(owner);
    else this.#rows.set(owner, rows);
    this.#total += by;
    if (by < 0) this.#concluded -= by;
  }

  /** Calls back whenever some of the work may be done. */
  onProgress(listener: () => void): void {
    this.#onProgress = listener;
  }

  /** Some of the work may be done. */
  progressed(): void {
    this.#onProgress();
  }
}
