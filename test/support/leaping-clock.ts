import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, Timer } from '../../engine/clock.js';

interface Pending extends Timer {
  readonly at: number;
  readonly ms: number;
  readonly run: () => void;
}

/** How long real work may take between two leaps before a test fails with its name. */
const PATIENCE_MS = 300_000;
const LOOK_MS = 2;

/**
 * Time that only goes on in leaps, for an engine on real stores and workers: after a leap, all that became due runs, and the
 * leap is over when each has set its timer again, that is, when its work is done. Within a leap no time passes, however
 * long work takes. What comes every few seconds comes once a leap, as on a machine that was asleep.
 */
export class LeapingClock implements Clock {
  #now: number;
  readonly #start: number;
  readonly #timers = new Set<Pending>();
  /** How often a timer of a length was set. */
  readonly #set = new Map<number, number>();

  constructor(start: number) {
    this.#start = this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now - this.#start;
  }

  setImmediate(run: () => void): void {
    setImmediate(run);
  }

  setTimeout(run: () => void, ms: number): Timer {
    const timer: Pending = { at: this.#now + ms, ms, run, cancel: () => void this.#timers.delete(timer) };
    this.#timers.add(timer);
    this.#set.set(ms, this.#timesSet(ms) + 1);
    return timer;
  }

  /** Goes on to a time, and waits for all that became due. */
  async leapTo(time: number): Promise<void> {
    const awaited = new Map<number, number>();
    // What is due at once comes but once.
    for (const { ms } of this.#due(time).filter((timer) => timer.ms > 0))
      awaited.set(ms, (awaited.get(ms) ?? this.#timesSet(ms)) + 1);
    this.passTo(time);
    const deadline = performance.now() + PATIENCE_MS;
    for (const [ms, times] of awaited)
      while (this.#timesSet(ms) < times) {
        if (performance.now() > deadline) throw new Error(`what comes every ${ms} ms came to no end`);
        await sleep(LOOK_MS);
      }
  }

  /** Goes on to a time and runs what became due, without waiting for it: for work that itself waits for a time. */
  passTo(time: number): void {
    const due = this.#due(time);
    this.#now = time;
    for (const timer of due) {
      this.#timers.delete(timer);
      timer.run();
    }
  }

  #due(time: number): Pending[] {
    return [...this.#timers].filter(({ at }) => at <= time).sort((a, b) => a.at - b.at);
  }

  #timesSet(ms: number): number {
    return this.#set.get(ms) ?? 0;
  }
}
