import type { Clock, Timer } from '../clock.js';
import type { Committer } from './committer.js';
import type { InputTopic } from './inputs.js';
import { BYTES, type LogStore, type Table } from './log-store.js';
import type { ConclusionTopic } from './conclusions.js';
import type { InstrumentRecord } from './records.js';

/** An instrument as of one input position: its record, and the state of each of its actors. */
export interface InstrumentSnapshot extends InstrumentRecord {
  readonly parts: ReadonlyMap<string, Uint8Array>;
}

/** What a snapshot holds, and nobody needs any more: inputs up to a position, and conclusions up to a bar. */
interface Held {
  readonly position: number;
  readonly signalActors: readonly string[];
  readonly foldedThrough: number;
}

/** Entries dropped in one transaction: a millisecond of the event loop. */
const DROPPED_AT_ONCE = 500;
/** Time between two such transactions. */
const DROP_EVERY_MS = 10;

/**
 * The newest snapshot of each instrument. With it goes what it holds, so no instrument keeps the inputs of another: some
 * in the same transaction, what is more in later ones, for instruments fed alike have their snapshots at once. What is
 * left after a crash goes with the next snapshot; nobody reads it.
 */
export class SnapshotTopic {
  readonly #committer: Committer;
  readonly #clock: Clock;
  /** What is still to be dropped, by instrument. */
  readonly #held = new Map<string, Held>();
  #timer: Timer | undefined;
  readonly #inputs: InputTopic;
  readonly #conclusions: ConclusionTopic;
  readonly #records: Table<InstrumentRecord, string>;
  readonly #parts: Table<Uint8Array, [instrument: string, actorId: string]>;

  constructor(
    store: LogStore,
    committer: Committer,
    clock: Clock,
    inputs: InputTopic,
    conclusions: ConclusionTopic,
  ) {
    this.#committer = committer;
    this.#clock = clock;
    this.#inputs = inputs;
    this.#conclusions = conclusions;
    this.#records = store.table('instruments');
    this.#parts = store.table('snapshots', BYTES);
  }

  /** Ids of all instruments. */
  ids(): string[] {
    return Array.from(this.#records.keys());
  }

  /** An instrument without the states of its actors. */
  record(instrument: string): InstrumentRecord | undefined {
    return this.#records.get(instrument);
  }

  get(instrument: string): InstrumentSnapshot | undefined {
    const record = this.#records.get(instrument);
    if (record === undefined) return undefined;
    const parts = new Map<string, Uint8Array>();
    for (const { key, value } of this.#parts.entries(partsOf(instrument)))
      parts.set(key[1], new Uint8Array(value));
    return { ...record, parts };
  }

  /** Replaces an instrument's snapshot. `foldedThrough`: close time up to which its bars are concluded in it. */
  put(
    instrument: string,
    { parts, ...record }: InstrumentSnapshot,
    signalActors: readonly string[],
    foldedThrough: number,
  ): void {
    let bytes = 0;
    for (const part of parts.values()) bytes += part.length;
    this.#committer.push(bytes, () => {
      for (const key of Array.from(this.#parts.keys(partsOf(instrument))))
        if (!parts.has(key[1])) this.#parts.remove(key);
      for (const [actorId, part] of parts) this.#parts.put([instrument, actorId], part);
      this.#records.put(instrument, record);
      this.#held.set(instrument, { position: record.position, signalActors, foldedThrough });
      if (this.#timer === undefined) this.#drop(DROPPED_AT_ONCE);
    });
  }

  /** Forgets an instrument and its inputs. */
  remove(instrument: string): void {
    this.#committer.push(0, () => {
      for (const key of Array.from(this.#parts.keys(partsOf(instrument)))) this.#parts.remove(key);
      this.#records.remove(instrument);
      this.#inputs.remove(instrument, Infinity);
      this.#held.delete(instrument);
    });
  }

  /** Has all that snapshots hold dropped with what is written next. */
  finish(): void {
    this.#committer.push(0, () => this.#drop(Infinity));
  }

  /** Drops so many entries at most, and has the rest dropped later. Inside a transaction. */
  #drop(limit: number): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    let left = limit;
    for (const [instrument, { position, signalActors, foldedThrough }] of this.#held) {
      left -= this.#inputs.remove(instrument, position, left);
      for (const actorId of signalActors)
        if (left > 0) left -= this.#conclusions.fold(actorId, foldedThrough, left);
      if (left <= 0) break;
      this.#held.delete(instrument);
    }
    if (this.#held.size === 0) return;
    const later = (): void => this.#committer.push(0, () => this.#drop(DROPPED_AT_ONCE));
    this.#timer = this.#clock.setTimeout(later, DROP_EVERY_MS);
  }
}

function partsOf(instrument: string): { start: [string, string]; end: [string, string] } {
  return { start: [instrument, ''], end: [instrument, '\uffff'] };
}
