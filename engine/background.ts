import type { Logger } from 'pino';
import { Backoff } from './backoff.js';
import type { Clock, Timer } from './clock.js';
import { messageOf } from './errors.js';

const RETRY_MS = 500;
const RETRY_MS_MAX = 30_000;

/** Work beside the rest: tried until it succeeds, or repeated, until the engine stops. */
export class Background {
  /** What its work waits by. */
  readonly clock: Clock;
  readonly #log: Logger;
  readonly #backoffs = new Set<Backoff>();
  readonly #timers = new Set<Timer>();
  #stopped = false;

  constructor(clock: Clock, log: Logger) {
    this.clock = clock;
    this.#log = log;
  }

  /** Does something until it succeeds. */
  async untilDone(what: string, work: () => Promise<void>): Promise<void> {
    const backoff = new Backoff({ clock: this.clock, initialMs: RETRY_MS, maxMs: RETRY_MS_MAX });
    this.#backoffs.add(backoff);
    do {
      try {
        await work();
        break;
      } catch (error) {
        if (!this.#stopped) this.#log.warn({ what, error: messageOf(error) }, 'will be tried again');
      }
    } while (await backoff.wait());
    this.#backoffs.delete(backoff);
  }

  /** Does something now and every `ms` milliseconds after it was done. `work` handles its own errors. */
  async repeat(ms: number, work: () => Promise<void>): Promise<void> {
    await work();
    if (this.#stopped) return;
    const timer = this.clock.setTimeout(() => {
      this.#timers.delete(timer);
      void this.repeat(ms, work);
    }, ms);
    this.#timers.add(timer);
  }

  stop(): void {
    this.#stopped = true;
    for (const backoff of this.#backoffs) backoff.stop();
    for (const timer of this.#timers) timer.cancel();
  }
}
