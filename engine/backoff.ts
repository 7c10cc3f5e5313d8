/** Runs something once after a time; what it returns cancels that. */
export type Schedule = (run: () => void, delayMs: number) => () => void;

/** Real time. Does not keep the process alive. */
export const scheduleInRealTime: Schedule = (run, delayMs) => {
  const timer = setTimeout(run, delayMs).unref();
  return () => clearTimeout(timer);
};

export interface BackoffOptions {
  readonly initialMs: number;
  readonly maxMs: number;
  readonly schedule?: Schedule;
  /** In [0, 1). Half of each delay is random, so that not all clients return to a server at once. */
  readonly random?: () => number;
}

/**
 * The delays of one retry loop: they double from `initialMs` to `maxMs`.
 *     do { if (await tryIt()) backoff.reset(); } while (await backoff.wait());
 */
export class Backoff {
  readonly #options: Required<BackoffOptions>;
  #nextMs: number;
  #stopped = false;
  #wake: (() => void) | undefined;

  constructor({ schedule = scheduleInRealTime, random = Math.random, ...limits }: BackoffOptions) {
    this.#options = { schedule, random, ...limits };
    this.#nextMs = limits.initialMs;
  }

  /** Waits until the next try is due; false when {@link stop} was called before or meanwhile: give up. */
  async wait(): Promise<boolean> {
    const { maxMs, schedule, random } = this.#options;
    if (this.#stopped) return false;
    const delayMs = this.#nextMs * (0.5 + random() / 2);
    this.#nextMs = Math.min(maxMs, this.#nextMs * 2);
    await new Promise<void>((resolve) => {
      const cancel = schedule(resolve, delayMs);
      this.#wake = () => (cancel(), resolve());
    });
    this.#wake = undefined;
    return !this.#stopped;
  }

  /** After a success: the next delay is the first one again. */
  reset(): void {
    this.#nextMs = this.#options.initialMs;
  }

  /** Ends a wait at once, and every later one. */
  stop(): void {
    this.#stopped = true;
    this.#wake?.();
  }
}
