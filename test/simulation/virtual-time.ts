import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import type { Clock, Timer } from '../../engine/clock.js';

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** Simulated time: what is due runs in order, promises in between, and nothing waits. A binary heap by time, then by order. */
export class VirtualTime {
  #now: number;
  #order = 0;
  readonly #heap: Event[] = [];

  constructor(start: number) {
    this.#now = start;
  }

  get now(): number {
    return this.#now;
  }

  at(time: number, run: () => void): Event {
    const event = { at: Math.max(time, this.#now), order: this.#order++, run, cancelled: false };
    this.#push(event);
    return event;
  }

  /** Runs what is due until `end`. */
  async runUntil(end: number): Promise<void> {
    for (;;) {
      await eventLoopTurn();
      const next = this.#heap[0];
      if (next === undefined || next.at > end) break;
      this.#pop();
      if (next.cancelled) continue;
      this.#now = next.at;
      next.run();
    }
    this.#now = Math.max(this.#now, end);
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let i = heap.push(event) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (isBefore(heap[parent]!, event)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (isBefore(last, heap[child]!)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** The clock of one process: it dies with it, and what it had scheduled never runs. */
export class ProcessClock implements Clock {
  readonly #time: VirtualTime;
  readonly #started: number;
  #alive = true;

  constructor(time: VirtualTime) {
    this.#time = time;
    this.#started = time.now;
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  kill(): void {
    this.#alive = false;
  }

  now(): number {
    return Math.floor(this.#time.now);
  }

  monotonic(): number {
    return this.#time.now - this.#started;
  }

  setTimeout(run: () => void, ms: number): Timer {
    const event = this.#time.at(this.#time.now + ms, () => {
      if (this.#alive) run();
    });
    return { cancel: () => void (event.cancelled = true) };
  }

  setImmediate(run: () => void): void {
    this.setTimeout(run, 0);
  }

  /** Settles after `ms`; never once the process is dead. */
  async after(ms: number): Promise<void> {
    await new Promise<void>((resolve) => this.setTimeout(resolve, ms));
  }
}
