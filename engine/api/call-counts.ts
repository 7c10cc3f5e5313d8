/** Calls of one method that ended in one way. */
export interface CallCount {
  /** `/package.Service/Method`. */
  readonly method: string;
  /** Name of the gRPC status. */
  readonly code: string;
  /** Reason of a failure; empty for OK. */
  readonly reason: string;
  readonly count: number;
}

/** Counts how calls end. Methods, codes and reasons are few and known, so the counts are bounded. */
export class CallCounts {
  readonly #counts = new Map<string, { count: number } & Omit<CallCount, 'count'>>();

  add(method: string, code: string, reason: string): void {
    const key = `${method} ${code} ${reason}`;
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { method, code, reason, count: 1 });
    else known.count++;
  }

  list(): readonly CallCount[] {
    return [...this.#counts.values()];
  }
}
