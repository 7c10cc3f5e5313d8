import type { Committer } from './committer.js';
import type { InputTopic } from './inputs.js';
import { BYTES, type LogStore, type Table } from './log-store.js';
import type { ConclusionTopic } from './conclusions.js';
import type { InstrumentRecord } from './records.js';

/** An instrument as of one input position: its record, and the state of each of its actors. */
export interface InstrumentSnapshot extends InstrumentRecord {
  readonly parts: ReadonlyMap<string, Uint8Array>;
}

/**
 * The newest snapshot of each instrument. Writing one drops, in the same transaction, the inputs it holds, so no
 * instrument keeps the inputs of another.
 */
export class SnapshotTopic {
  readonly #committer: Committer;
  readonly #inputs: InputTopic;
  readonly #conclusions: ConclusionTopic;
  readonly #records: Table<InstrumentRecord, string>;
  readonly #parts: Table<Uint8Array, [instrument: string, actorId: string]>;

  constructor(store: LogStore, committer: Committer, inputs: InputTopic, conclusions: ConclusionTopic) {
    this.#committer = committer;
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
      this.#inputs.remove(instrument, record.position);
      for (const actorId of signalActors) this.#conclusions.fold(actorId, foldedThrough);
    });
  }

  /** Forgets an instrument and its inputs. */
  remove(instrument: string): void {
    this.#committer.push(0, () => {
      for (const key of Array.from(this.#parts.keys(partsOf(instrument)))) this.#parts.remove(key);
      this.#records.remove(instrument);
      this.#inputs.remove(instrument, Infinity);
    });
  }
}

function partsOf(instrument: string): { start: [string, string]; end: [string, string] } {
  return { start: [instrument, ''], end: [instrument, '\uffff'] };
}
