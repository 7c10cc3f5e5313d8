import type { Clock, Timer } from '../clock.js';
import { SuhoError } from '../errors.js';
import type { Workload } from '../instruments/workload.js';

export interface PressureParts {
  readonly work: Workload;
  readonly clock: Clock;
  /** Time that what was let in should need, milliseconds. */
  readonly targetMs: number;
  /** Longest wait at the door, milliseconds. */
  readonly waitMsMax: number;
  /** A tenant's share beside the others'. */
  readonly weightOf: (tenantId: string) => number;
}

/** Rows let in before it is known how many a second can be done, and the fewest and most ever. */
const ROWS_FIRST = 256;
const ROWS_MIN = 64;
const ROWS_MAX = 8_192;
/** Time over which it is measured how much can be done, while somebody waits. */
const WINDOW_MS = 200;
/** How much of what was measured last counts. */
const SMOOTHING = 0.3;
/** How it is at the door: requests that wait now, that had to wait and that were refused so far, and the room there is. */
export interface DoorCounts {
  readonly waiting: number;
  readonly waited: number;
  readonly refused: number;
  readonly rowsMax: number;
}

interface Waiter {
  readonly enter: () => void;
  readonly timer: Timer;
}

/**
 * The door's room under load. What is let in is done within about `targetMs`: there are never more rows in work than
 * were done in that time lately. What comes beyond it waits outside, in order for each tenant, so that its publisher is
 * slowed down instead of its signals being late; when there is room, the tenant that has the least in work for its weight
 * comes first. No tenant's work keeps another from its own share.
 */
export class Pressure {
  readonly #parts: PressureParts;
  readonly #waiting = new Map<string, Waiter[]>();
  #rowsMax = ROWS_FIRST;
  /** Rows a second, as measured while somebody waited; 0 before that. */
  #rate = 0;
  #window: { readonly start: number; readonly concluded: number } | undefined;
  #waits = 0;
  #refused = 0;

  constructor(parts: PressureParts) {
    this.#parts = parts;
    parts.work.onProgress(() => this.#letIn());
  }

  counts(): DoorCounts {
    let waiting = 0;
    for (const queue of this.#waiting.values()) waiting += queue.length;
    return { waiting, waited: this.#waits, refused: this.#refused, rowsMax: Math.round(this.#rowsMax) };
  }

  /**
   * Runs `take` as soon as there is room for a tenant's rows, at once where there is. Rejects with what it throws, and
   * with `OVERLOADED` after `waitMsMax`.
   */
  async enter<T>(tenantId: string, take: () => T): Promise<T> {
    if (!this.#waiting.has(tenantId) && this.#hasRoom(tenantId)) return take();
    this.#waits++;
    this.#window ??= { start: this.#parts.clock.monotonic(), concluded: this.#parts.work.concluded };
    return await new Promise<T>((resolve, reject) => {
      const waiter: Waiter = {
        enter: () => {
          waiter.timer.cancel();
          try {
            resolve(take());
          } catch (error) {
            reject(error as Error);
          }
        },
        timer: this.#parts.clock.setTimeout(() => {
          this.#leave(tenantId, waiter);
          this.#refused++;
          reject(
            new SuhoError(
              'OVERLOADED',
              `The engine has more to do than it can; this waited ${this.#parts.waitMsMax / 1000} s for its turn. Send it again, more slowly.`,
            ),
          );
        }, this.#parts.waitMsMax),
      };
      const queue = this.#waiting.get(tenantId);
      if (queue === undefined) this.#waiting.set(tenantId, [waiter]);
      else queue.push(waiter);
    });
  }

  #hasRoom(tenantId: string): boolean {
    const { work } = this.#parts;
    return work.inWork() < this.#rowsMax || work.inWork(tenantId) < this.#shareOf(tenantId, this.#weights());
  }

  /** Rows a tenant may have in work however many the others have. */
  #shareOf(tenantId: string, weights: number): number {
    return Math.max(1, (this.#rowsMax * this.#parts.weightOf(tenantId)) / Math.max(1, weights));
  }

  /** Weights of all that have work or wait. */
  #weights(): number {
    const { work, weightOf } = this.#parts;
    let weights = 0;
    for (const owner of new Set([...work.owners(), ...this.#waiting.keys()])) weights += weightOf(owner);
    return weights;
  }

  #letIn(): void {
    if (this.#waiting.size === 0) return;
    this.#measure();
    for (;;) {
      const tenantId = this.#next();
      if (tenantId === undefined) return;
      const queue = this.#waiting.get(tenantId)!;
      const [waiter] = queue;
      this.#leave(tenantId, waiter!);
      waiter!.enter();
    }
  }

  /** The tenant that comes next; undefined while there is no room for any. */
  #next(): string | undefined {
    const { work, weightOf } = this.#parts;
    const isOpen = work.inWork() < this.#rowsMax;
    const weights = isOpen ? 0 : this.#weights();
    let next: string | undefined;
    let least = Infinity;
    for (const tenantId of this.#waiting.keys()) {
      const rows = work.inWork(tenantId);
      if (rows / weightOf(tenantId) >= least || !(isOpen || rows < this.#shareOf(tenantId, weights)))
        continue;
      least = rows / weightOf(tenantId);
      next = tenantId;
    }
    return next;
  }

  #leave(tenantId: string, waiter: Waiter): void {
    const queue = this.#waiting.get(tenantId)!;
    queue.splice(queue.indexOf(waiter), 1);
    if (queue.length === 0) this.#waiting.delete(tenantId);
    if (this.#waiting.size === 0) this.#window = undefined;
  }

  /** While somebody waits, what is done is all that can be done. */
  #measure(): void {
    const { clock, work, targetMs } = this.#parts;
    const { start, concluded } = this.#window!;
    const now = clock.monotonic();
    if (now - start < WINDOW_MS) return;
    const measured = ((work.concluded - concluded) * 1000) / (now - start);
    this.#rate = this.#rate === 0 ? measured : this.#rate + SMOOTHING * (measured - this.#rate);
    this.#rowsMax = Math.min(ROWS_MAX, Math.max(ROWS_MIN, (this.#rate * targetMs) / 1000));
    this.#window = { start: now, concluded: work.concluded };
  }
}
