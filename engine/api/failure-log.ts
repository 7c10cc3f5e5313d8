import type { Logger } from 'pino';

/** Lines a second; what is beyond is counted and told with the next line. */
const LINES_PER_SECOND = 10;

/** Who called, as far as it is known. */
export interface CalledBy {
  readonly peer?: string;
  readonly tenant?: string;
}

/**
 * Tells an operator, at `info`, which calls were refused and why. Clients can make any number of refused calls, so lines are limited:
 * a flood costs ten lines a second, not a disk.
 */
export class FailureLog {
  readonly #log: Logger;
  #second = 0;
  #lines = 0;
  #left = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  add(method: string, code: string, reason: string, message: string, by: CalledBy): void {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#lines = 0;
    }
    if (this.#lines >= LINES_PER_SECOND) {
      this.#left++;
      return;
    }
    this.#lines++;
    const unlogged = this.#left === 0 ? {} : { unlogged: this.#left };
    this.#left = 0;
    this.#log.info({ method, code, reason, message, ...by, ...unlogged }, 'a call was refused');
  }
}
