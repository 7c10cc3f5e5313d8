import { SYSTEM_CLOCK, type Clock } from './clock.js';

export interface BackoffOptions {
  readonly clock?: Pick<Clock, 'setTimeout'>;
  readonly initialMs: number;
  readonly maxMs: number;
  /** In [0, 1). Half of each delay is random, so that clients of a server that comes back do not come at once. */
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

  constructor({ clock = SYSTEM_CLOCK, random = Math.random, ...limits }: BackoffOptions) {
    this.#options = { clock, random, ...limits };
    this.#nextMs = limits.initialMs;
  }

  /** Waits until the next try is due; false when {@link stop} was called before or meanwhile: give up. */
  async wait(): Promise<boolean> {
    if (this.#stopped) return false;
    const { maxMs, clock, random } = this.#options;
    const delayMs = this.#nextMs * (0.5 + random() / 2);
    this.#nextMs = Math.min(maxMs, this.#nextMs * 2);
    await new Promise<void>((resolve) => {
      const timer = clock.setTimeout(resolve, delayMs);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
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
