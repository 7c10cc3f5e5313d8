import type { Clock, Timer } from '../clock.js';
import { messageOf } from '../errors.js';
import type { Journal } from './journal.js';

/** Time between two looks at the journal's size. */
const EVERY_MS = 1_000;
/** Time between two steps while there is something to drop. */
const STEP_EVERY_MS = 20;
/** Entries dropped in one transaction: a few milliseconds of the event loop. */
const STEP_ENTRIES = 500;
/** Steps after which the room of what was dropped is given up. */
const STEPS_TO_COMPACT = 8;
/** Share of the journal given up when rows with open labels alone fill it. */
const SHED_SHARE = 1 / 4;
/** Bytes a row takes in LMDB, with its page. */
const ROW_BYTES = 4_100;

/** What retention asks of the engine around the journal. */
export interface RetentionSurroundings {
  /** Whether moments of a partition may still be asked for. */
  readonly isUsed: (partition: string) => boolean;
  /** Takes snapshots of instruments that keep inputs, those that keep most first; false when none keeps any. */
  readonly fold: () => boolean;
  /** Told how many rows had to go before their labels were known. */
  readonly onShed: (rows: number) => void;
  readonly onError: (error: string) => void;
}

/**
 * Keeps the journal within its size. Looks by time, not by amount, so that a full journal takes input again by itself
 * soon after its readers have caught up. Above half of what is allowed it drops, oldest first, what every reader has
 * passed, and has instruments fold their inputs into snapshots.
 *
 * Rows wait in the journal until their labels are known, which takes further input. Where they alone fill it, a full
 * journal would refuse that input for good: the oldest of them go then, stored without their labels.
 */
export class Retention {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #around: RetentionSurroundings;
  #timer: Timer | undefined;
  #stopped = false;
  #rowsShed = 0;
  #steps = 0;

  constructor(journal: Journal, clock: Clock, around: RetentionSurroundings) {
    this.#journal = journal;
    this.#clock = clock;
    this.#around = around;
  }

  /** Rows that had to go before their labels were known, since start. */
  get rowsShed(): number {
    return this.#rowsShed;
  }

  start(): void {
    this.#timer = this.#clock.setTimeout(() => void this.#run(), EVERY_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #run(): Promise<void> {
    let more = false;
    try {
      if (this.#journal.isPressed) {
        const isFolding = this.#around.fold();
        more = await this.#step();
        if (!more && !isFolding && this.#journal.isFull) await this.#shed();
      }
    } catch (error) {
      this.#around.onError(messageOf(error));
    }
    if (this.#stopped) return;
    this.#timer = this.#clock.setTimeout(() => void this.#run(), more ? STEP_EVERY_MS : EVERY_MS);
  }

  /** Drops some entries of each topic; true when there may be more. */
  async #step(): Promise<boolean> {
    const { rows, predictions, moments, readers } = this.#journal;
    let most = 0;
    await this.#journal.inTransaction(() => {
      most = Math.max(
        rows.purge(readers.readThrough('rows'), STEP_ENTRIES),
        predictions.purge(readers.readThrough('predictions'), STEP_ENTRIES),
        moments.purge(readers.readThrough('patterns'), STEP_ENTRIES),
        moments.purgeUnused(this.#around.isUsed, STEP_ENTRIES),
      );
    });
    if (most < STEP_ENTRIES || ++this.#steps % STEPS_TO_COMPACT === 0) await this.#journal.compact();
    return most === STEP_ENTRIES && this.#journal.isPressed;
  }

  /** Makes room when nothing is left to drop but rows whose labels are open. */
  async #shed(): Promise<void> {
    const { rows, bytesMax } = this.#journal;
    const keys = await rows.oldestOpen(Math.ceil((bytesMax * SHED_SHARE) / ROW_BYTES));
    for (let i = 0; i < keys.length; i += STEP_ENTRIES)
      await this.#journal.inTransaction(() => rows.drop(keys.slice(i, i + STEP_ENTRIES)));
    if (keys.length === 0) return;
    await this.#journal.compact();
    this.#rowsShed += keys.length;
    this.#around.onShed(keys.length);
  }
}
