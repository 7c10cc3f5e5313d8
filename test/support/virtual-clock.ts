import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import type { Clock } from '../../engine/clock.js';

/** Turns of the event loop that work between two timers may take: promises, immediates, no I/O. */
const TURNS = 20;

/** A clock that only moves when it is told to. */
export class VirtualClock implements Clock {
  #now = 0;
  #timers: { readonly at: number; readonly call: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  setImmediate(call: () => void): void {
    setImmediate(call);
  }

  setTimeout(call: () => void, ms: number): { cancel(): void } {
    const timer = { at: this.#now + ms, call };
    this.#timers.push(timer);
    return { cancel: () => (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }

  /** Lets work that needs no time go on until it waits. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) await eventLoopTurn();
  }

  /** Moves on by some milliseconds, calling what becomes due in its order. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = next.at;
      next.call();
      await this.settle();
    }
    this.#now = end;
  }
}
